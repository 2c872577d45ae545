#pragma once

/// \file app/demo.h
/// The whole pipeline on one machine: a private PostgreSQL, the reference project,
/// events, two rounds, and what came of it.

#include <cstdint>
#include <string>

#include "app/console/document.h"
#include "app/session.h"
#include "core/result.h"

namespace calve::app {

struct DemoOptions {
  std::string folder = ".calve/demo";
  int64_t events = 100'000;
  bool keep_running = false;  // the server, for more of the same by hand
  bool stop = false;          // only stop a server that an earlier demo left running
};

/// Runs the demo from a fresh start: what an earlier one left in the folder goes.
/// \return the report; kNotFound, with the remedy, where PostgreSQL is not installed
Result<Document> RunDemo(Session& session, const DemoOptions& options);

}  // namespace calve::app
