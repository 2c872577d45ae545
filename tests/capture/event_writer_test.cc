#include "capture/event_writer.h"

#include <array>
#include <filesystem>
#include <latch>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include <gtest/gtest.h>

#include "capture/audit_table.h"
#include "io/postgres/private_postgres.h"
#include "support/temp_folder.h"

namespace calve::capture {
namespace {

using namespace std::string_view_literals;

const TableRef kTable = {"public", "audit_log_dml"};

AuditRow Row(std::string_view raw_data) {
  return {.operation = "I",
          .timestamp = "2025-01-01 00:00:00+00",
          .table_schema = "public",
          .table_name = "orders",
          .raw_data = raw_data};
}

/// A server for all tests, a connection and empty tables for each.
class EventWriterTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<testing::TempFolder>();
    auto server = postgres::PrivatePostgres::Start(
        {.folder = folder_->path() + "/postgres", .fsync = false, .settings = {}});
    ASSERT_TRUE(server) << server.error().message;
    server_ = *std::move(server);
  }

  static void TearDownTestSuite() {
    const std::string data = server_ ? server_->folder() : "";
    server_.reset();
    if (!data.empty()) {  // Not always below folder_.
      std::filesystem::remove_all(data);
    }
    folder_.reset();
  }

  void SetUp() override {
    ASSERT_NE(server_, nullptr);
    connection_ = Connect();
    Sql("DROP SCHEMA IF EXISTS \"odd \"\"schema\" CASCADE; DROP TABLE IF EXISTS "
        "public.audit_log_dml");
    const Status created = CreateAuditTable(*connection_, kTable);
    ASSERT_TRUE(created) << created.error().message;
  }

  static std::unique_ptr<postgres::Connection> Connect() {
    auto connection = postgres::Connection::Open(server_->dsn());
    EXPECT_TRUE(connection) << connection.error().message;
    return *std::move(connection);
  }

  void Sql(const std::string& sql) {
    const Status status = connection_->Execute(sql);
    ASSERT_TRUE(status) << status.error().message;
  }

  /// Rows of a query as text, `|` between columns and NULL as `~`; rows end in `\n`.
  std::string Ask(const std::string& sql) {
    const Result<postgres::Rows> rows = Connect()->Query(sql);
    EXPECT_TRUE(rows) << rows.error().message;
    std::string out;
    for (int row = 0; rows && row < rows->size(); ++row) {
      out += rows->value(row, 0).value_or("~") + "\n";
    }
    return out;
  }

  EventWriter Writer(int64_t batch_rows) {
    auto writer = EventWriter::Make(*connection_, kTable, batch_rows);
    EXPECT_TRUE(writer) << writer.error().message;
    return *std::move(writer);
  }

  static std::unique_ptr<testing::TempFolder> folder_;
  static std::unique_ptr<postgres::PrivatePostgres> server_;
  std::unique_ptr<postgres::Connection> connection_;
};

std::unique_ptr<testing::TempFolder> EventWriterTest::folder_;
std::unique_ptr<postgres::PrivatePostgres> EventWriterTest::server_;

TEST_F(EventWriterTest, CreatesTheReferenceTable) {
  EXPECT_EQ(Ask("SELECT column_name || ' ' || data_type || ' ' || is_nullable || ' ' || "
                "coalesce(column_default, '') FROM information_schema.columns "
                "WHERE table_name = 'audit_log_dml' ORDER BY ordinal_position"),
            "audit_event_id integer NO "
            "nextval('public.audit_log_dml_audit_event_id_seq'::regclass)\n"
            "audit_operation text YES \n"
            "audit_timestamp timestamp with time zone YES \n"
            "tbl_schema text YES \n"
            "tbl_name text YES \n"
            "raw_data text YES \n");
}

TEST_F(EventWriterTest, LeavesATableThatIsThereAsItIs) {
  Sql("DROP TABLE public.audit_log_dml; CREATE TABLE public.audit_log_dml (other int)");
  EXPECT_TRUE(CreateAuditTable(*connection_, kTable));
  EXPECT_EQ(Ask("SELECT attname FROM pg_attribute WHERE attnum > 0 AND "
                "attrelid = 'public.audit_log_dml'::regclass"),
            "other\n");
}

TEST_F(EventWriterTest, CreatesAMissingSchemaWhateverItsName) {
  const TableRef odd = {"odd \"schema", "Audit.Log"};
  EXPECT_TRUE(CreateAuditTable(*connection_, odd));
  auto writer = EventWriter::Make(*connection_, odd, /*batch_rows=*/10);
  ASSERT_TRUE(writer);
  EXPECT_TRUE(writer->Write(Row("{}")));
  EXPECT_TRUE(writer->Finish());
  EXPECT_EQ(Ask("SELECT count(*) FROM \"odd \"\"schema\".\"Audit.Log\""), "1\n");
}

TEST_F(EventWriterTest, SessionsMayCreateTheTableAtOnce) {
  std::array<std::unique_ptr<postgres::Connection>, 4> sessions;
  for (auto& session : sessions) {
    session = Connect();
  }
  for (int round = 0; round < 30; ++round) {
    Sql("DROP TABLE IF EXISTS public.audit_log_dml");
    std::latch start(4);
    std::array<std::jthread, 4> threads;
    for (size_t i = 0; i < threads.size(); ++i) {
      threads[i] = std::jthread([&start, &session = *sessions[i]] {
        start.arrive_and_wait();
        const Status created = CreateAuditTable(session, kTable);
        EXPECT_TRUE(created) << created.error().message;
      });
    }
  }
}

TEST_F(EventWriterTest, StoresEveryByteOfAValueAndTellsNullFromEmpty) {
  const std::string odd =
      "tab\t line\n return\r back\\slash \\N \\. \"quotes\" é \xF0\x9F\x8E\x81 \x01";
  EventWriter writer = Writer(/*batch_rows=*/100);
  EXPECT_TRUE(writer.Write(Row(odd)));
  EXPECT_TRUE(writer.Write(Row("")));
  EXPECT_TRUE(writer.Write({}));
  EXPECT_TRUE(writer.Finish());
  EXPECT_EQ(writer.committed_rows(), 3);
  EXPECT_EQ(Ask("SELECT raw_data FROM public.audit_log_dml ORDER BY audit_event_id"),
            odd + "\n\n~\n");
  EXPECT_EQ(
      Ask("SELECT concat_ws('|', audit_event_id, audit_operation, audit_timestamp, "
          "tbl_schema, tbl_name) FROM public.audit_log_dml ORDER BY audit_event_id"),
      "1|I|2025-01-01 00:00:00+00|public|orders\n"
      "2|I|2025-01-01 00:00:00+00|public|orders\n"
      "3\n");
}

TEST_F(EventWriterTest, CommitsEachBatchInOneTransaction) {
  EventWriter writer = Writer(/*batch_rows=*/4);
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(writer.Write(Row("{}")));
  }
  EXPECT_EQ(writer.committed_rows(), 8);
  EXPECT_EQ(Ask("SELECT count(*) FROM public.audit_log_dml"), "8\n");
  EXPECT_TRUE(writer.Finish());
  EXPECT_TRUE(writer.Finish());  // Nothing is left to commit.
  EXPECT_EQ(Ask("SELECT count(*) FROM public.audit_log_dml GROUP BY xmin::text "
                "ORDER BY min(audit_event_id)"),
            "4\n4\n2\n");
}

TEST_F(EventWriterTest, ABatchLargerThanItsBufferIsStillOneTransaction) {
  const std::string payload(1 << 20, 'x');
  EventWriter writer = Writer(/*batch_rows=*/1000);
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(writer.Write(Row(payload)));
  }
  EXPECT_EQ(Ask("SELECT count(*) FROM public.audit_log_dml"), "0\n");
  EXPECT_TRUE(writer.Finish());
  EXPECT_EQ(Ask("SELECT count(DISTINCT xmin::text) || ' ' || sum(length(raw_data)) "
                "FROM public.audit_log_dml"),
            "1 10485760\n");
}

TEST_F(EventWriterTest, ATableOfTimestampsWithoutZoneTakesThemAsUtc) {
  Sql("ALTER TABLE public.audit_log_dml ALTER audit_timestamp TYPE timestamp");
  EventWriter writer = Writer(/*batch_rows=*/1);
  AuditRow row = Row("{}");
  row.timestamp = "2025-01-01T00:00:00.123456";
  EXPECT_TRUE(writer.Write(row));
  EXPECT_EQ(Ask("SELECT audit_timestamp FROM public.audit_log_dml"),
            "2025-01-01 00:00:00.123456\n");
}

TEST_F(EventWriterTest, ARefusedValueLeavesNothingOfItsBatchAndTheSessionUsable) {
  EventWriter writer = Writer(/*batch_rows=*/2);
  AuditRow bad = Row("{}");
  bad.timestamp = "yesterday evening";
  EXPECT_TRUE(writer.Write(Row("{}")));
  EXPECT_TRUE(writer.Write(Row("{}")));
  EXPECT_TRUE(writer.Write(Row("{}")));
  const Status refused = writer.Write(bad);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kInvalidArgument);
  Sql("SELECT 1");
  EXPECT_EQ(Ask("SELECT count(*) FROM public.audit_log_dml"), "2\n");
}

TEST_F(EventWriterTest, TextThatPostgresCannotHoldIsRefused) {
  for (const std::string_view text : {"zero \0 byte"sv, "not UTF-8 \xFF"sv}) {
    EventWriter writer = Writer(/*batch_rows=*/1);
    const Status refused = writer.Write(Row(text));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ErrorKind::kInvalidArgument);
  }
}

TEST_F(EventWriterTest, AMissingTableIsRefused) {
  auto writer = EventWriter::Make(*connection_, {"public", "nowhere"}, /*batch_rows=*/1);
  ASSERT_TRUE(writer);
  const Status refused = writer->Write(Row("{}"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kInvalidArgument);
}

TEST_F(EventWriterTest, ABatchOfNoRowsIsRefused) {
  const auto writer = EventWriter::Make(*connection_, kTable, /*batch_rows=*/0);
  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().kind, ErrorKind::kInvalidArgument);
}

TEST_F(EventWriterTest, AConnectionLostBeforeTheCommitLeavesNothing) {
  EventWriter writer = Writer(/*batch_rows=*/1000);
  const std::string payload(5 << 20, 'x');
  ASSERT_TRUE(writer.Write(Row(payload)));  // Sent, not committed.
  ASSERT_TRUE(
      Connect()->Execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                         "WHERE state = 'idle in transaction'"));
  const Status lost = writer.Write(Row(payload));
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(Ask("SELECT count(*) FROM public.audit_log_dml"), "0\n");
}

/// A deferred trigger runs inside COMMIT, where it ends the session.
TEST_F(EventWriterTest, AConnectionLostWithinTheCommitIsUnknown) {
  Sql("CREATE OR REPLACE FUNCTION public.hang_up() RETURNS trigger LANGUAGE plpgsql AS "
      "'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END'; "
      "CREATE CONSTRAINT TRIGGER hang_up AFTER INSERT ON public.audit_log_dml "
      "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.hang_up()");
  EventWriter writer = Writer(/*batch_rows=*/1);
  const Status unknown = writer.Write(Row("{}"));
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, ErrorKind::kCommitUnknown);
}

}  // namespace
}  // namespace calve::capture
