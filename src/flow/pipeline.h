#pragma once

/// \file flow/pipeline.h
/// What the steps of a pipeline work with. Built once, by app, from the configuration.

#include <cstdint>
#include <memory>
#include <string>

#include "contract/contract.h"
#include "core/clock.h"
#include "core/progress.h"
#include "io/object_store.h"
#include "landing/ledger.h"
#include "table/catalog/catalog.h"
#include "table/commit/table_update.h"
#include "table/maintain/compaction_plan.h"
#include "table/maintain/expiry.h"

namespace calve::flow {

/// Where landing files lie: a file's key is relative to `root`, and starts with `prefix`.
struct LandingPlace {
  std::string root;  // location, no trailing slash: file:///srv/lake (later s3://bucket)
  std::string prefix;  // no slash at either end; may be empty

  std::string Location(const std::string& key) const { return root + "/" + key; }
  /// `<prefix>/<rest>`, or `rest` where there is no prefix.
  std::string Key(const std::string& rest) const {
    return prefix.empty() ? rest : prefix + "/" + rest;
  }
};

/// The source to capture from.
struct SourceConfig {
  std::string dsn;  // libpq's connection string or URI; PG* variables are honoured
  std::string audit_table;  // schema-qualified: public.audit_log_dml
};

struct Limits {
  int64_t rows_per_file = 500'000;
  int64_t bytes_per_file = 256LL * 1024 * 1024;
  /// Bytes of events that a transform holds at once.
  int64_t batch_bytes = 64LL * 1024 * 1024;
  int64_t max_event_bytes = 64LL * 1024 * 1024;
};

/// The care that the tables get.
struct MaintenancePolicy {
  /// Whether runs compact, and `run --follow` expires, by themselves.
  bool automatic = true;
  table::CompactionPolicy compaction;
  table::ExpiryPolicy expiry;
};

/// A pipeline's parts. Steps borrow it.
struct Pipeline {
  std::string name;
  SourceConfig source;
  LandingPlace landing;
  table::TableName landing_table;
  contract::Project project;
  Limits limits;
  MaintenancePolicy maintenance;
  // Shared with copies of the pipeline, which work in a transaction of their own.
  std::shared_ptr<io::ObjectStore> store;
  std::shared_ptr<table::Catalog> catalog;
  std::shared_ptr<Clock> clock;
  std::shared_ptr<UuidSource> uuids;
  /// Null: the ledger is read anew each time.
  std::shared_ptr<landing::LedgerMemory> ledger_memory;

  table::CommitContext commit_context() const {
    return {store.get(), catalog.get(), clock.get(), uuids.get()};
  }
};

}  // namespace calve::flow
