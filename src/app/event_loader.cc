#include "app/event_loader.h"

#include <memory>

#include <fmt/format.h>

#include "app/event_files.h"
#include "app/interrupt.h"
#include "capture/audit_table.h"
#include "capture/event_writer.h"
#include "generate/order.h"

namespace calve::app {
namespace {

constexpr int64_t kProgressEvery = 10'000;

Status WriteEvent(const generate::EventRecord& record, generate::PayloadJson& payload,
                  capture::EventWriter& writer) {
  return writer.Write({.operation = record.operation,
                       .timestamp = record.timestamp,
                       .table_schema = record.table_schema,
                       .table_name = record.table_name,
                       .raw_data = payload.Render(record.payload)});
}

/// A session with the source, whose audit table is made if that is asked for.
struct Target {
  std::unique_ptr<postgres::Connection> connection;
  capture::TableRef table;
};

Result<Target> OpenTarget(const flow::SourceConfig& source, bool create_table) {
  Target target;
  CALVE_ASSIGN(target.table, capture::ParseTableRef(source.audit_table));
  CALVE_ASSIGN(target.connection, postgres::Connection::Open(source.dsn));
  if (create_table) {
    CALVE_TRY(capture::CreateAuditTable(*target.connection, target.table));
  }
  return target;
}

Status LoadFile(const std::string& path, generate::PayloadStyle style,
                capture::EventWriter& writer, Progress& progress) {
  CALVE_ASSIGN(generate::EventCsvReader reader, OpenEventFile(path));
  generate::PayloadJson payload(reader.payload_columns(), style);
  generate::EventRecord record;
  int64_t rows = 0;
  while (true) {
    CALVE_ASSIGN(const bool more, reader.Next(record));
    if (!more) {
      break;
    }
    CALVE_TRY(WriteEvent(record, payload, writer));
    if (++rows % kProgressEvery == 0) {
      progress.Advance(kProgressEvery);
      CALVE_TRY(CheckInterrupt("a part of the file; what is not committed is not there"));
    }
  }
  progress.Advance(rows % kProgressEvery);
  return {};
}

}  // namespace

Result<int64_t> LoadEventFiles(const flow::SourceConfig& source,
                               const LoadRequest& request, Progress& progress) {
  CALVE_ASSIGN(const Target target, OpenTarget(source, request.create_table));
  CALVE_ASSIGN(
      capture::EventWriter writer,
      capture::EventWriter::Make(*target.connection, target.table, request.batch_rows));
  progress.Begin("load", 0, "events");
  for (const std::string& file : request.files) {
    CALVE_TRY(LoadFile(file, request.style, writer, progress));
  }
  CALVE_TRY(writer.Finish());
  progress.End(source.audit_table);
  return writer.committed_rows();
}

Result<generate::GenerateSummary> GenerateIntoSource(
    const flow::SourceConfig& source, const generate::GenerateOptions& options,
    const std::vector<std::string>& after, const LoadRequest& request,
    Progress& progress) {
  CALVE_ASSIGN(const Target target, OpenTarget(source, request.create_table));
  CALVE_ASSIGN(
      capture::EventWriter writer,
      capture::EventWriter::Make(*target.connection, target.table, request.batch_rows));
  const std::vector<std::string> columns = generate::OrderColumns(options.drift_columns);
  generate::PayloadJson payload(columns, request.style);
  CALVE_ASSIGN(const generate::GenerateSummary summary,
               GenerateEvents(
                   options, after,
                   [&](const generate::EventRecord& record) {
                     return WriteEvent(record, payload, writer);
                   },
                   progress));
  CALVE_TRY(writer.Finish());
  progress.End(source.audit_table);
  return summary;
}

}  // namespace calve::app
