#include "flow/extract.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/local_store.h"
#include "io/postgres/connection.h"
#include "io/postgres/private_postgres.h"
#include "io/system.h"
#include "landing/csv_reader.h"
#include "landing/event_rows.h"
#include "landing/ledger.h"
#include "support/temp_folder.h"

namespace calve::flow {
namespace {

using postgres::Connection;
using postgres::PrivatePostgres;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

/// The server that these tests share; each has a database of its own.
PrivatePostgres& Server() {
  static const calve::testing::TempFolder folder;
  struct Owner {
    std::unique_ptr<PrivatePostgres> server;
    ~Owner() {
      (void)server->Stop(PrivatePostgres::StopMode::kImmediate);
      std::error_code ignored;
      std::filesystem::remove_all(server->folder(), ignored);
    }
  };
  static const Owner owner = {
      *PrivatePostgres::Start({.folder = folder.path() + "/pg", .fsync = false})};
  return *owner.server;
}

class FixedClock final : public Clock {
 public:
  TimestampUs Now() override { return {1'706'745'599'000'000}; }  // 2024-01-31 23:59:59
};

constexpr const char* kCreateTable =
    "CREATE TABLE public.audit_log_dml (audit_event_id serial PRIMARY KEY, "
    "audit_operation text, audit_timestamp timestamptz, tbl_schema text, tbl_name text, "
    "raw_data text)";

DataInterval Day(int day) {
  constexpr int64_t kDay = 86'400'000'000;
  return {{day * kDay}, {(day + 1) * kDay}};
}

class ExtractTest : public ::testing::Test {
 protected:
  ExtractTest() {
    static std::atomic<int> counter = 0;
    const std::string database = "extract_" + std::to_string(++counter);
    EXPECT_TRUE(
        (*Connection::Open(Server().dsn()))->Execute("CREATE DATABASE " + database));
    Configure(pipeline_, Server().dsn(database));
    session_ = *Connection::Open(Server().dsn(database));
    Sql(kCreateTable);
  }

  void Configure(Pipeline& pipeline, const std::string& dsn) const {
    pipeline.source = {dsn, "public.audit_log_dml"};
    pipeline.landing = {folder_.path(), "raw/audit"};
    pipeline.store = std::make_unique<io::LocalStore>();
    pipeline.clock = std::make_unique<FixedClock>();
    pipeline.uuids = std::make_unique<io::SystemUuids>();
  }

  void Sql(const std::string& sql) {
    const Status status = session_->Execute(sql);
    EXPECT_TRUE(status) << status.error().message;
  }

  void InsertRows(int count, const std::string& payload = "x") {
    Sql("INSERT INTO public.audit_log_dml (audit_operation, raw_data) SELECT 'I', '" +
        payload + "' FROM generate_series(1, " + std::to_string(count) + ")");
  }

  ExtractReport Run(const ExtractRequest& request = {}) {
    NoProgress progress;
    auto report = Extract(pipeline_, request, progress);
    EXPECT_TRUE(report) << report.error().message;
    return report ? *report : ExtractReport{};
  }

  std::vector<int64_t> IdsOf(const std::string& key) {
    landing::CsvReader reader(*pipeline_.store->Open(pipeline_.landing.Location(key)),
                              key);
    std::vector<landing::EventRow> rows;
    for (auto batch = *reader.Next(); batch != nullptr; batch = *reader.Next()) {
      landing::AddRows(*batch, rows);
    }
    std::vector<int64_t> ids;
    for (const landing::EventRow& row : rows) {
      ids.push_back(row.id);
    }
    return ids;
  }

  std::vector<std::string> CsvFiles() {
    std::vector<std::string> names;
    const auto objects = *pipeline_.store->List(folder_.path());
    for (const auto& object : objects) {
      if (object.location.ends_with(".csv")) {
        names.push_back(object.location.substr(folder_.path().size() + 1));
      }
    }
    return names;
  }

  landing::Ledger LoadLedger() {
    return *landing::Ledger::Load(*pipeline_.store, {folder_.path(), "raw/audit"});
  }

  calve::testing::TempFolder folder_;
  Pipeline pipeline_;
  std::unique_ptr<Connection> session_;
};

TEST_F(ExtractTest, EachRowIsExtractedOnce) {
  InsertRows(3);
  const ExtractReport first = Run();
  EXPECT_EQ(first.rows, 3);
  EXPECT_FALSE(first.repeated);
  ASSERT_THAT(first.keys, SizeIs(1));
  EXPECT_THAT(first.keys[0], StartsWith("raw/audit/2024/01/31/"));
  EXPECT_THAT(IdsOf(first.keys[0]), ElementsAre(1, 2, 3));
  EXPECT_THAT(Run().keys, IsEmpty());
  InsertRows(1);
  EXPECT_EQ(PlanExtract(pipeline_)->rows, 1);
  EXPECT_EQ(PlanExtract(pipeline_)->cursor_mode, "xmin");
  const ExtractReport second = Run();
  ASSERT_THAT(second.keys, SizeIs(1));
  EXPECT_THAT(IdsOf(second.keys[0]), ElementsAre(4));
  EXPECT_THAT(*LedgeredKeys(pipeline_), ElementsAre(first.keys[0], second.keys[0]));
}

TEST_F(ExtractTest, NothingNewAndNoIntervalWritesNothing) {
  EXPECT_THAT(Run().keys, IsEmpty());
  EXPECT_THAT(*pipeline_.store->List(folder_.path()), IsEmpty());
}

TEST_F(ExtractTest, FilesAreCutByRowsAndByBytesAndRecordedAsTheyAre) {
  pipeline_.limits.rows_per_file = 4;
  InsertRows(10);
  const ExtractReport by_rows = Run();
  ASSERT_THAT(by_rows.keys, SizeIs(3));
  EXPECT_THAT(IdsOf(by_rows.keys[2]), ElementsAre(9, 10));
  pipeline_.limits = {.rows_per_file = 1000, .bytes_per_file = 1000};
  InsertRows(3, std::string(600, 'x'));
  const ExtractReport by_bytes = Run({.interval = Day(1)});
  ASSERT_THAT(by_bytes.keys, SizeIs(3));
  EXPECT_THAT(by_bytes.keys[0],
              StartsWith("raw/audit/1970/01/03/"));  // the interval's end
  const auto ledger = LoadLedger();
  for (const landing::LandedFile& file :
       *ledger.FindLabel("1970-01-02T00:00:00.000000Z/1970-01-03T00:00:00.000000Z")) {
    const auto text =
        *io::ReadObject(*pipeline_.store, pipeline_.landing.Location(file.key));
    EXPECT_EQ(file.sha256, io::Sha256Hex(text));
    EXPECT_EQ(file.bytes, static_cast<int64_t>(text.size()));
    EXPECT_EQ(file.rows, 1);
  }
}

TEST_F(ExtractTest, AnIntervalIsALabelThatIsExtractedOnce) {
  InsertRows(2);
  const ExtractReport first = Run({.interval = Day(1)});
  EXPECT_EQ(first.rows, 2);
  InsertRows(1);
  const ExtractReport again = Run({.interval = Day(1)});
  EXPECT_TRUE(again.repeated);
  EXPECT_EQ(again.keys, first.keys);
  EXPECT_EQ(again.rows, 2);
  const DataInterval moment = {{5}, {5}};  // as Airflow 3 makes them of cron strings
  EXPECT_EQ(Run({.interval = moment}).rows, 1);
  EXPECT_TRUE(Run({.interval = moment}).repeated);
}

TEST_F(ExtractTest, ARepeatedIntervalNeedsNoSource) {
  InsertRows(1);
  const ExtractReport first = Run({.interval = Day(1)});
  pipeline_.source.dsn = "postgresql://127.0.0.1:1/none";
  EXPECT_EQ(Run({.interval = Day(1)}).keys, first.keys);
}

TEST_F(ExtractTest, AnIntervalWithoutRowsStaysSo) {
  EXPECT_THAT(Run({.interval = Day(1)}).keys, IsEmpty());
  InsertRows(1);
  const ExtractReport again = Run({.interval = Day(1)});
  EXPECT_TRUE(again.repeated);
  EXPECT_THAT(again.keys, IsEmpty());
  EXPECT_EQ(Run({.interval = Day(2)}).rows, 1);
}

TEST_F(ExtractTest, AWindowIsReadAgainAndMovesNoCursor) {
  Sql("INSERT INTO public.audit_log_dml (audit_timestamp) VALUES ('1970-01-02 12:00Z'), "
      "('1970-01-03 12:00Z')");
  EXPECT_EQ(Run().rows, 2);
  const std::string cursor = LoadLedger().cursor();
  Sql("INSERT INTO public.audit_log_dml (audit_timestamp) VALUES ('1970-01-03 13:00Z')");
  const ExtractReport window = Run({.interval = Day(1), .window = true});
  ASSERT_THAT(window.keys, SizeIs(1));
  EXPECT_THAT(IdsOf(window.keys[0]), ElementsAre(1));
  EXPECT_EQ(LoadLedger().cursor(), cursor);
  EXPECT_FALSE(Run({.interval = Day(1), .window = true}).repeated);
  const ExtractReport rest = Run({.interval = Day(1)});
  EXPECT_FALSE(rest.repeated);
  EXPECT_THAT(IdsOf(rest.keys[0]), ElementsAre(3));
}

TEST_F(ExtractTest, TwoExtractionsOfOneIntervalAtOnceAreOne) {
  for (int round = 0; round < 5; ++round) {
    InsertRows(20);
    std::array<ExtractReport, 4> reports;
    {
      std::vector<std::jthread> threads;
      for (ExtractReport& report : reports) {
        threads.emplace_back([&] { report = Run({.interval = Day(round)}); });
      }
    }
    EXPECT_EQ(std::count_if(reports.begin(), reports.end(),
                            [](const ExtractReport& r) { return !r.repeated; }),
              1);
    for (const ExtractReport& report : reports) {
      EXPECT_EQ(report.keys, reports[0].keys);
      EXPECT_EQ(report.rows, 20);
    }
  }
  auto keys = *LedgeredKeys(pipeline_);
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(CsvFiles(), keys);  // the losers took their files away
}

TEST_F(ExtractTest, DifferentIntervalsAtOnceShareTheRowsWithoutLossOrDouble) {
  std::atomic<bool> done = false;
  std::jthread writer([&] {
    const auto session = *Connection::Open(pipeline_.source.dsn);
    for (int i = 0; i < 100; ++i) {
      EXPECT_TRUE(
          session->Execute("INSERT INTO public.audit_log_dml (raw_data) VALUES ('x')"));
    }
    done = true;
  });
  {
    std::vector<std::jthread> threads;
    for (int first = 0; first < 3; ++first) {
      threads.emplace_back([&, first] {
        for (int day = first; day < 30 || !done; day += 3) {
          (void)Run({.interval = Day(day)});
        }
      });
    }
  }
  writer.join();
  (void)Run();
  std::vector<int64_t> ids;
  const auto keys = *LedgeredKeys(pipeline_);
  for (const std::string& key : keys) {
    const auto more = IdsOf(key);
    ids.insert(ids.end(), more.begin(), more.end());
  }
  std::sort(ids.begin(), ids.end());
  std::vector<int64_t> expected(100);
  std::iota(expected.begin(), expected.end(), 1);
  EXPECT_EQ(ids, expected);
}

/// Cuts every connection to a database as soon as some rows have been copied.
class CuttingProgress final : public Progress {
 public:
  explicit CuttingProgress(Connection& session) : session_(session) {}
  void Begin(std::string_view /*step*/, int64_t /*total*/,
             std::string_view /*unit*/) override {}
  void Advance(int64_t /*units*/) override {
    EXPECT_TRUE(session_.Execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
        "current_database() AND pid <> pg_backend_pid()"));
  }
  void End(std::string_view /*note*/) override {}

 private:
  Connection& session_;  // Outlives this progress.
};

TEST_F(ExtractTest, AnExtractionThatIsCutOffLeavesNoFilesAndMovesNothing) {
  pipeline_.limits.rows_per_file = 20'000;
  InsertRows(100'000, std::string(500, 'x'));  // more than any buffer takes
  CuttingProgress progress(*session_);
  const auto report = Extract(pipeline_, {}, progress);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, ErrorKind::kUnavailable);
  EXPECT_THAT(CsvFiles(), IsEmpty());
  EXPECT_EQ(Run().rows, 100'000);
}

TEST_F(ExtractTest, ErrorsAreThoseOfTheHeader) {
  NoProgress progress;
  const auto kind = [&](const ExtractRequest& request) {
    const auto report = Extract(pipeline_, request, progress);
    EXPECT_FALSE(report);
    return report ? ErrorKind::kInternal : report.error().kind;
  };
  EXPECT_EQ(kind({.interval = {}, .window = true}), ErrorKind::kInvalidArgument);
  EXPECT_EQ(kind({.interval = DataInterval{{2}, {1}}}), ErrorKind::kInvalidArgument);
  InsertRows(1);
  (void)Run();
  Sql("TRUNCATE public.audit_log_dml");
  EXPECT_EQ(kind({}), ErrorKind::kCorrupt);
  pipeline_.source.audit_table = "public.none";
  EXPECT_EQ(kind({}), ErrorKind::kInvalidArgument);
  pipeline_.source.dsn = "postgresql://127.0.0.1:1/none";
  EXPECT_EQ(kind({}), ErrorKind::kUnavailable);
}

}  // namespace
}  // namespace calve::flow
