#pragma once

/// \file tests/table/scan/scan_fixture.h
/// Tables whose snapshots are written by hand, and their rows as texts.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <arrow/io/memory.h>
#include <arrow/table.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>

#include "table/data/data_fixture.h"
#include "table/scan/scan.h"

namespace calve::table::testing {

/// What a snapshot adds.
struct Added {
  std::vector<DataFile> data;
  std::vector<DataFile> deletes;
};

class ScanTest : public DataTest {
 protected:
  static ScanTask TaskOf(DataFile file, std::vector<DataFile> deletes = {}) {
    return {.file = std::move(file),
            .data_sequence_number = 1,
            .deletes = std::move(deletes)};
  }

  static ReadOptions Reading(Schema projection) {
    ReadOptions options;
    options.projection = std::move(projection);
    return options;
  }

  /// All batches of a reader, or the first error.
  static Result<std::vector<BatchPtr>> Drain(BatchReader& reader) {
    std::vector<BatchPtr> batches;
    while (true) {
      CALVE_ASSIGN(BatchPtr batch, reader.Next());
      if (batch == nullptr) {
        return batches;
      }
      EXPECT_TRUE(batch->ValidateFull().ok());
      batches.push_back(std::move(batch));
    }
  }

  Result<std::vector<BatchPtr>> ReadBatches(const ScanTask& task,
                                            const ReadOptions& options) {
    CALVE_ASSIGN(const auto reader, ReadFile(store_, task, options));
    return Drain(*reader);
  }

  /// The rows that are read, one text each.
  std::vector<std::string> Read(const ScanTask& task, const ReadOptions& options) {
    return Texts(ReadBatches(task, options));
  }

  std::vector<std::string> Read(std::vector<ScanTask> tasks, const ReadOptions& options) {
    const auto reader = ReadTasks(store_, std::move(tasks), options);
    return Texts(Drain(*reader));
  }

  static std::vector<std::string> Texts(const Result<std::vector<BatchPtr>>& batches) {
    EXPECT_TRUE(batches) << batches.error().message;
    std::vector<std::string> rows;
    for (const BatchPtr& batch : *batches) {
      const auto texts = RowsOf(*batch);
      rows.insert(rows.end(), texts.begin(), texts.end());
    }
    return rows;
  }

  /// Writes a file as another engine would, by Parquet's own writer.
  DataFile WriteForeign(const BatchPtr& batch,
                        const std::shared_ptr<parquet::ArrowWriterProperties>&
                            properties = parquet::default_arrow_writer_properties()) {
    const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
    const auto table = arrow::Table::FromRecordBatches({batch}).ValueOrDie();
    const auto status = parquet::arrow::WriteTable(
        *table, arrow::default_memory_pool(), sink, /*chunk_size=*/4,
        parquet::default_writer_properties(), properties);
    EXPECT_TRUE(status.ok()) << status.message();
    DataFile file;
    file.file_path = "memory://other/" + uuids_.Next() + ".parquet";
    const auto bytes = sink->Finish().ValueOrDie();
    EXPECT_TRUE(io::WriteObject(store_, file.file_path, bytes->ToString()));
    file.record_count = batch->num_rows();
    return file;
  }

  /// A table without snapshots.
  TableMetadata NewTable(Schema schema, PartitionSpec spec = {}) const {
    TableMetadata metadata;
    metadata.location = "memory://lake/table";
    metadata.schemas = {std::move(schema)};
    metadata.default_spec_id = spec.spec_id;
    metadata.partition_specs = {std::move(spec)};
    return metadata;
  }

  /// Writes one more snapshot on top of the last one.
  void Commit(TableMetadata& metadata, const std::string& operation, const Added& added) {
    Snapshot snapshot;
    snapshot.snapshot_id = {static_cast<int64_t>(metadata.snapshots.size()) + 100};
    snapshot.sequence_number = ++metadata.last_sequence_number;
    snapshot.summary = {{"operation", operation}};
    snapshot.manifest_list = metadata.location + "/metadata/" + uuids_.Next() + ".avro";
    if (!metadata.snapshots.empty()) {
      snapshot.parent_snapshot_id = metadata.snapshots.back().snapshot_id;
    }
    for (const PartitionSpec& spec : metadata.partition_specs) {
      AddManifest(metadata, snapshot, spec, ManifestContent::kData, added.data);
      AddManifest(metadata, snapshot, spec, ManifestContent::kDeletes, added.deletes);
    }
    ManifestListHeader header;
    header.snapshot_id = snapshot.snapshot_id.value;
    header.sequence_number = snapshot.sequence_number;
    const Status written =
        WriteManifestList(store_, snapshot.manifest_list, header, manifests_);
    ASSERT_TRUE(written) << written.error().message;
    // What is listed now keeps the sequence numbers that it was given.
    manifests_ = *ReadManifestList(store_, snapshot.manifest_list);
    metadata.current_snapshot_id = snapshot.snapshot_id;
    metadata.snapshots.push_back(std::move(snapshot));
  }

  /// One more manifest for the next Commit.
  void AddEntries(const TableMetadata& metadata, const Snapshot& snapshot,
                  const PartitionSpec& spec, ManifestContent content,
                  const std::vector<ManifestEntry>& entries) {
    const ManifestHeader header{.schema = metadata.schema(),
                                .spec = spec,
                                .content = content,
                                .format_version = 2,
                                .snapshot_id = snapshot.snapshot_id.value};
    auto manifest =
        WriteManifest(store_, metadata.location + "/metadata/" + uuids_.Next() + ".avro",
                      header, entries);
    ASSERT_TRUE(manifest) << manifest.error().message;
    manifests_.push_back(*std::move(manifest));
  }

  std::vector<ManifestFile> manifests_;

 private:
  void AddManifest(const TableMetadata& metadata, const Snapshot& snapshot,
                   const PartitionSpec& spec, ManifestContent content,
                   const std::vector<DataFile>& files) {
    std::vector<ManifestEntry> entries;
    for (const DataFile& file : files) {
      if (file.spec_id == spec.spec_id) {
        ManifestEntry entry;
        entry.snapshot_id = snapshot.snapshot_id.value;
        entry.file = file;
        entries.push_back(std::move(entry));
      }
    }
    if (!entries.empty()) {
      AddEntries(metadata, snapshot, spec, content, entries);
    }
  }
};

}  // namespace calve::table::testing
