#include <string>
#include <vector>

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capture/postgres_fixture.h"
#include "landing/csv_reader.h"
#include "landing/csv_writer.h"

namespace calve::capture {
namespace {

/// Rows with every text that CSV could stumble over.
constexpr const char* kOddRows =
    R"(INSERT INTO public.audit_log_dml (audit_operation, audit_timestamp, tbl_schema,
         tbl_name, raw_data)
       SELECT op, ts, s, t, p FROM
         unnest(ARRAY['I', '', NULL]) op,
         unnest(ARRAY['2024-01-31 23:59:59.123456+00', '0044-03-15 12:00+00 BC', NULL,
                      '12024-01-01 00:00:00.1+00']::timestamptz[]) ts,
         unnest(ARRAY['\.', ' ', 'NULL', '\N']) s,
         unnest(ARRAY[E'a\nb', E'\r', E'\r\n', 'a,b', '"', E'\t']) t,
         unnest(ARRAY['{"a": "x\"y"}', '""', 'ä€😀', E'\u2028', E'\\', NULL]) p)";

std::string CopyOut(Connection& session, const std::string& sql) {
  EXPECT_TRUE(session.StartCopyOut(sql));
  std::string text;
  while (true) {
    const auto piece = session.NextCopyData();
    EXPECT_TRUE(piece);
    if (!piece || !*piece) {
      return text;
    }
    text += **piece;
  }
}

class CsvInteropTest : public ::testing::Test {
 protected:
  CsvInteropTest() : dsn_(NewDatabase(*SharedServer())), session_(Connect(dsn_)) {
    Sql(*session_, kCreateAuditTable);
    Sql(*session_, kOddRows);
    Sql(*session_, "SET search_path = public, pg_catalog");
  }

  std::string WriteOurs() {
    const auto log = *AuditLog::Open({.dsn = dsn_, .table = "audit_log_dml"});
    EXPECT_TRUE(log->Begin(std::nullopt));
    landing::CsvWriter writer;
    for (auto batch = *log->Next(); batch != nullptr; batch = *log->Next()) {
      landing::AddRows(*batch, rows_);
      EXPECT_TRUE(writer.Append(*batch, 0, {INT64_MAX, INT64_MAX}, /*has_rows=*/true));
    }
    return std::string(writer.bytes());
  }

  std::string dsn_;
  std::unique_ptr<Connection> session_;
  std::vector<landing::EventRow> rows_;
};

TEST_F(CsvInteropTest, OurBytesAreThoseOfPostgres) {
  const std::string ours = WriteOurs();
  const std::string theirs =
      CopyOut(*session_, "COPY audit_log_dml TO STDOUT (FORMAT csv, HEADER)");
  EXPECT_GT(ours.size(), 10'000U);
  EXPECT_TRUE(ours == theirs);
}

TEST_F(CsvInteropTest, WeReadWhatPostgresWrites) {
  (void)WriteOurs();
  const std::string text =
      CopyOut(*session_, "COPY audit_log_dml TO STDOUT (FORMAT csv, HEADER)");
  landing::CsvReader reader(std::make_unique<landing::TextFile>(text), "theirs",
                            {.chunk_bytes = 100});
  std::vector<landing::EventRow> read;
  for (auto batch = reader.Next(); batch && *batch != nullptr; batch = reader.Next()) {
    landing::AddRows(**batch, read);
  }
  EXPECT_TRUE(read == rows_);
}

TEST_F(CsvInteropTest, PostgresReadsWhatWeWrite) {
  Sql(*session_, "CREATE TABLE again (LIKE audit_log_dml)");
  const Status copied =
      session_->CopyIn("COPY again FROM STDIN (FORMAT csv, HEADER MATCH)", WriteOurs());
  ASSERT_TRUE(copied) << copied.error().message;
  const auto differences = session_->Query(
      "SELECT (SELECT count(*) FROM again), (SELECT count(*) FROM "
      "((TABLE audit_log_dml EXCEPT ALL TABLE again) UNION ALL "
      " (TABLE again EXCEPT ALL TABLE audit_log_dml)) d)");
  ASSERT_TRUE(differences) << differences.error().message;
  EXPECT_EQ(differences->number(0, 0), static_cast<int64_t>(rows_.size()));
  EXPECT_EQ(differences->number(0, 1), 0);
}

}  // namespace
}  // namespace calve::capture
