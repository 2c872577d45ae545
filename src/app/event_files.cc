#include "app/event_files.h"

#include <filesystem>
#include <fstream>
#include <memory>

#include <fmt/format.h>

#include "generate/event_csv_writer.h"
#include "generate/order.h"
#include "io/local_store.h"

namespace calve::app {
namespace {

constexpr int64_t kProgressEveryRows = 10'000;

Result<generate::EarlierOrders> ReadEarlier(const std::vector<std::string>& paths) {
  generate::EarlierOrdersCollector collector;
  for (const std::string& path : paths) {
    CALVE_ASSIGN(generate::EventCsvReader reader, OpenEventFile(path));
    CALVE_TRY(collector.AddFile(reader));
  }
  return std::move(collector).Finish();
}

}  // namespace

Result<generate::EventCsvReader> OpenEventFile(const std::string& path) {
  auto stream = std::make_shared<std::ifstream>(path, std::ios::binary);
  std::error_code ignored;
  if (!*stream || std::filesystem::is_directory(path, ignored)) {
    return Error{
        ErrorKind::kNotFound,
        fmt::format("cannot read the event file {}; `calve generate` writes one", path)};
  }
  // Shared, because a std::function must be copyable; the reader is its only user.
  return generate::EventCsvReader::Make(
      path, [stream, path](std::span<char> into) -> Result<size_t> {
        stream->read(into.data(), static_cast<std::streamsize>(into.size()));
        if (stream->bad()) {
          return Error{ErrorKind::kUnavailable, "cannot read " + path};
        }
        return static_cast<size_t>(stream->gcount());
      });
}

Result<generate::GenerateSummary> GenerateEvents(
    const generate::GenerateOptions& options, const std::vector<std::string>& after,
    const std::function<Status(const generate::EventRecord&)>& sink, Progress& progress) {
  CALVE_ASSIGN(generate::EarlierOrders earlier, ReadEarlier(after));
  progress.Begin("generate", options.events, "events");
  int64_t pending = 0;
  auto summary = generate::GenerateOrders(
      options, std::move(earlier), [&](const generate::EventRecord& record) -> Status {
        if (++pending == kProgressEveryRows) {
          progress.Advance(pending);
          pending = 0;
        }
        return sink(record);
      });
  if (summary) {
    progress.Advance(pending);
  }
  return summary;
}

Result<generate::GenerateSummary> GenerateFile(const generate::GenerateOptions& options,
                                               const std::vector<std::string>& after,
                                               const std::string& path,
                                               Progress& progress) {
  std::error_code error;
  const std::string location = std::filesystem::absolute(path, error).string();
  io::LocalStore store;
  CALVE_ASSIGN(const std::unique_ptr<io::OutputFile> file, store.Create(location));
  generate::EventCsvWriter writer(
      generate::OrderColumns(options.drift_columns),
      [&file](std::string_view bytes) { return file->Write(bytes); });
  CALVE_ASSIGN(
      const generate::GenerateSummary summary,
      GenerateEvents(
          options, after,
          [&](const generate::EventRecord& record) { return writer.Write(record); },
          progress));
  CALVE_TRY(writer.Finish());
  CALVE_TRY(file->Close());
  progress.End(path);
  return summary;
}

}  // namespace calve::app
