#include <string>
#include <vector>

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "capture/postgres_fixture.h"
#include "io/local_store.h"
#include "io/system.h"
#include "landing/csv_reader.h"
#include "landing/csv_writer.h"
#include "landing/landing_file.h"

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

std::string CopyOut(postgres::Connection& session, const std::string& sql) {
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
  std::unique_ptr<postgres::Connection> session_;
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

/// One landing file of what an extraction reads, the events above `whole` bytes piece by
/// piece.
class LargeEventsTest : public ::testing::Test {
 protected:
  void Use(const std::string& dsn) {
    dsn_ = dsn;
    session_ = Connect(dsn);
    Sql(*session_, kCreateAuditTable);
    Sql(*session_, "SET search_path = public, pg_catalog");
  }

  std::unique_ptr<AuditLog> Open(int64_t whole, int64_t piece) {
    return *AuditLog::Open(
        {.dsn = dsn_,
         .table = "audit_log_dml",
         .large_events = {.whole_bytes = whole, .piece_bytes = piece}});
  }

  /// \return the landing file, its lines in the order of their ids; rows are one line
  std::string Land(AuditLog& log) {
    const calve::testing::TempFolder folder;
    io::LocalStore store;
    auto writer = *landing::LandingFileWriter::Start(store, folder.path() + "/f.csv", "f",
                                                     {INT64_MAX, INT64_MAX});
    for (auto batch = *log.Next(); batch != nullptr; batch = *log.Next()) {
      EXPECT_TRUE(writer->Append(*batch, 0));
    }
    large_ = 0;
    for (auto event = *log.NextLarge(); event.row != nullptr; event = *log.NextLarge()) {
      ++large_;
      EXPECT_TRUE(*writer->AppendLong(
          *event.row, {.bytes = event.raw_data->bytes(),
                       .quoted = !event.raw_data->is_plain(),
                       .next_piece = [&] { return event.raw_data->NextPiece(); }}));
      event.raw_data.reset();
    }
    const auto file = *writer->Close();
    std::string text = *io::ReadObject(store, folder.path() + "/f.csv");
    EXPECT_EQ(file.sha256, io::Sha256Hex(text));
    EXPECT_EQ(file.bytes, static_cast<int64_t>(text.size()));
    return text;
  }

  /// What PostgreSQL writes: whole rows, then large ones.
  std::string Theirs(int64_t whole) {
    const std::string is_large =
        "coalesce(octet_length(raw_data), 0) > " + std::to_string(whole);
    return CopyOut(*session_,
                   "COPY (SELECT audit_event_id, audit_operation, "
                   "audit_timestamp, tbl_schema, tbl_name, raw_data FROM "
                   "audit_log_dml ORDER BY " +
                       is_large + ", ctid) TO STDOUT (FORMAT csv, HEADER)");
  }

  std::string dsn_;
  std::unique_ptr<postgres::Connection> session_;
  int large_ = 0;
};

TEST_F(LargeEventsTest, EveryCutGivesTheBytesOfPostgres) {
  Use(NewDatabase(*SharedServer()));
  Sql(*session_, kOddRows);
  Sql(*session_, "DELETE FROM audit_log_dml WHERE audit_event_id % 29 > 0");
  Sql(*session_, R"(INSERT INTO audit_log_dml (audit_operation, raw_data) VALUES
      ('I', 'plain'), ('U', E'"\n",\r'), (NULL, '""""'), ('D', 'ä€😀"ä€😀'), ('I', E'\r'))");
  for (const int64_t whole : {0, 1, 4, 7}) {
    const std::string theirs = Theirs(whole);
    for (const int64_t piece : {1, 2, 3, 5, 100}) {
      const auto log = Open(whole, piece);
      ASSERT_TRUE(log->Begin(std::nullopt));
      EXPECT_TRUE(Land(*log) == theirs) << whole << " whole, pieces of " << piece;
      EXPECT_GT(large_, 0);
      EXPECT_TRUE(log->Finish());
    }
  }
}

TEST_F(LargeEventsTest, AStoredOutOfLineEventIsReadInBothCursorModesAndInAWindow) {
  for (const bool by_audit_xid : {false, true}) {
    Use(NewDatabase(*SharedServer()));
    if (by_audit_xid) {
      InstallAuditXid(*session_);
    }
    Sql(*session_,
        "INSERT INTO audit_log_dml (raw_data) SELECT string_agg(i || E'\"é\n', "
        "',') FROM generate_series(1, 50000) i");
    const auto log = Open(/*whole=*/10'000, /*piece=*/4096);
    ASSERT_TRUE(log->Begin(std::nullopt));
    EXPECT_EQ(log->mode() == CursorMode::kAuditXid, by_audit_xid);
    EXPECT_TRUE(Land(*log) == Theirs(10'000));
    const auto cursor = log->Finish();
    ASSERT_TRUE(cursor) << cursor.error().message;
    ASSERT_TRUE(log->Begin(*cursor));
    EXPECT_EQ(*log->Next(), nullptr);
    EXPECT_EQ(log->NextLarge()->row, nullptr);
    ASSERT_TRUE(log->BeginWindow(*cursor, {{0}, {INT64_MAX / 2}}));
    EXPECT_TRUE(Land(*log) == Theirs(10'000));
    EXPECT_EQ(large_, 1);
  }
}

TEST_F(LargeEventsTest, RowsAreFoundWithoutAnIdAndInEveryPartition) {
  Use(NewDatabase(*SharedServer()));
  Sql(*session_, R"(DROP TABLE audit_log_dml; CREATE TABLE audit_log_dml (audit_event_id
        int, audit_operation text, audit_timestamp timestamptz, tbl_schema text,
        tbl_name text, raw_data jsonb) PARTITION BY LIST (audit_operation);
      CREATE TABLE part_i PARTITION OF audit_log_dml FOR VALUES IN ('I');
      CREATE TABLE part_d PARTITION OF audit_log_dml FOR VALUES IN ('D');
      INSERT INTO audit_log_dml (audit_operation, raw_data)
        SELECT o, to_jsonb(repeat(o || i, 3)) FROM generate_series(1, 3) i,
        unnest(ARRAY['I', 'D']) o)");
  const auto log = Open(/*whole=*/2, /*piece=*/3);
  ASSERT_TRUE(log->Begin(std::nullopt));
  const std::string ours = Land(*log);
  EXPECT_EQ(large_, 6);
  for (const std::string payload : {"I1I1I1", "I2I2I2", "I3I3I3", "D1D1D1", "D2D2D2"}) {
    EXPECT_THAT(ours, ::testing::HasSubstr("," + payload.substr(0, 1) + ",,,,\"\"\"" +
                                           payload + "\"\"\"\n"));
  }
}

TEST_F(LargeEventsTest, OtherEncodingsAreReadAsCopyReadsThem) {
  for (const std::string encoding : {"LATIN1", "SQL_ASCII"}) {
    Sql(*Connect(SharedServer()->dsn()), "CREATE DATABASE large_" + encoding +
                                             " ENCODING '" + encoding +
                                             "' LOCALE 'C' TEMPLATE template0");
    Use(SharedServer()->dsn("large_" + (encoding == "LATIN1"
                                            ? std::string("latin1")
                                            : std::string("sql_ascii"))));
    Sql(*session_,
        "INSERT INTO audit_log_dml (raw_data) VALUES "
        "(repeat(convert_from('\\xe4222c', 'LATIN1'), 100))");
    if (encoding == "SQL_ASCII") {
      Sql(*session_,
          "INSERT INTO audit_log_dml (raw_data) VALUES "
          "(repeat(convert_from('\\xe922', 'SQL_ASCII'), 100))");
    }
    const auto log = Open(/*whole=*/10, /*piece=*/7);
    ASSERT_TRUE(log->Begin(std::nullopt));
    EXPECT_TRUE(Land(*log) == Theirs(10)) << encoding;
    EXPECT_GT(large_, 0);
  }
}

TEST_F(LargeEventsTest, TheLastRowIsTheSameReadWholeOrInPieces) {
  Use(NewDatabase(*SharedServer()));
  Sql(*session_, Insert("äöü, and so on"));
  const auto in_pieces = Open(/*whole=*/3, /*piece=*/4);
  ASSERT_TRUE(in_pieces->Begin(std::nullopt));
  (void)Land(*in_pieces);
  const auto cursor = in_pieces->Finish();
  ASSERT_TRUE(cursor) << cursor.error().message;
  EXPECT_TRUE(Open(/*whole=*/100, /*piece=*/100)->Begin(*cursor));
  Sql(*session_, "UPDATE audit_log_dml SET raw_data = 'äöü, and so  n'");
  const Status changed = Open(/*whole=*/3, /*piece=*/4)->Begin(*cursor);
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().kind, ErrorKind::kCorrupt);
}

TEST_F(LargeEventsTest, AnExtractionThatLeavesThemOutIsRefusedItsCursor) {
  Use(NewDatabase(*SharedServer()));
  Sql(*session_, Insert("large"));
  const auto log = Open(/*whole=*/3, /*piece=*/4);
  ASSERT_TRUE(log->Begin(std::nullopt));
  EXPECT_EQ(*log->Next(), nullptr);
  const auto cursor = log->Finish();
  ASSERT_FALSE(cursor);
  EXPECT_EQ(cursor.error().kind, ErrorKind::kInternal);
}

}  // namespace
}  // namespace calve::capture
