#pragma once

/// \file app/demo_project.h
/// The demo's folder: what stands in it, and what to try with it.

#include <string>

#include "core/result.h"
#include "flow/pipeline.h"

namespace calve::app {

inline constexpr const char* kDemoDatabase = "ecom";

/// A folder of the demo. It carries a marker file, so that no other folder is ever
/// cleared.
class DemoProject {
 public:
  /// \return kInvalidArgument if the folder holds something that no demo wrote
  static Result<DemoProject> Make(const std::string& folder);

  /// Takes away what an earlier demo left, but for the server's data.
  Status Clear();

  /// Writes the reference project, its source set to `dsn`, readable by the owner alone.
  Status Write(const std::string& dsn) const;

  /// The pipeline of the project's own configuration, whatever the environment.
  Result<flow::Pipeline> BuildPipeline() const;

  /// An order with many events among the first of the second file, as `row` takes its
  /// key.
  Result<std::string> OftenChangedOrder() const;

  /// Commands that go on from here.
  std::string WhatToTry(const std::string& order, bool server_runs) const;

  const std::string& folder() const { return folder_; }  // absolute
  std::string config_file() const { return folder_ + "/calve.yaml"; }
  std::string postgres_folder() const { return folder_ + "/postgres"; }
  /// The event file of a round, 1 or 2.
  std::string events_file(int round) const;

 private:
  explicit DemoProject(std::string folder) : folder_(std::move(folder)) {}

  std::string folder_;
};

}  // namespace calve::app
