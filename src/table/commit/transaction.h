#pragma once

/// \file table/commit/transaction.h
/// Several commits that others see as one.

#include <memory>

#include "core/result.h"
#include "table/commit/table_update.h"

namespace calve::table {

class StagedCatalog;

/// Commits made through `catalog()` are seen by those who read through it, and by nobody
/// else until Publish() puts them all in place at once. Not thread-safe; its catalog is.
///
/// An update without changes asserts its table's version when it is committed here, not
/// when the transaction is published.
///
/// A transaction that is not published leaves the files written in it behind, as orphans.
class Transaction {
 public:
  /// \param context  of the catalog to publish to; what it points to outlives the
  ///                 transaction
  explicit Transaction(const CommitContext& context);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();

  /// The tables as the transaction has changed them, all others as they are. Dropping a
  /// table is kUnsupported.
  std::shared_ptr<Catalog> catalog() const;

  /// Commits the last version of every table that was changed, once. Versions between do
  /// not show: the snapshot log names the last snapshot only (as Iceberg's own
  /// transactions do), the metadata log none of theirs. The snapshots themselves are
  /// retained.
  ///
  /// \return errors of CommitUpdates; kConflict: a table was changed by others since the
  ///         transaction first changed it
  Status Publish();

 private:
  CommitContext context_;
  std::shared_ptr<StagedCatalog> staged_;  // Shared with those who commit through it.
};

}  // namespace calve::table
