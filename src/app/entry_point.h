#pragma once

/// \file app/entry_point.h
/// The program under the names of the containers that it stands in for:
/// `audit-log-extractor`, `iceberg-ingestor` and `data-generator`.

#include <string>
#include <string_view>
#include <vector>

#include "app/config/interpolate.h"

namespace calve::app {

/// What a command line gets.
struct Invocation {
  std::vector<std::string> arguments;  // without the program's name
  Environment environment;
};

/// Puts the command that the program's name stands for before its arguments. The
/// extractor is `extract`, the ingestor `ingest`. The generator is `load` where
/// `--source-files` stands, else `generate`, whose events go into the source (making the
/// audit table where it is missing) unless they have an `--output-file`; it takes the
/// source from POSTGRES_HOST, _PORT, _USER, _PASSWORD and _DB where the environment does
/// not name it by keys of the configuration. Under any other name nothing changes.
///
/// \param program  as called, with or without a folder: argv[0]
Invocation InvocationOf(std::string_view program, Invocation called);

}  // namespace calve::app
