#include "server/keystore/sql_text.h"

#include <gtest/gtest.h>

#include <string>

namespace enos::gateway {
namespace {

using namespace std::string_literals;

TEST(SqlTextTest, PeopleCanReadWhatIsPlain) {
  EXPECT_EQ(EncodeText("order-17/2026 (late)"), "order-17/2026 (late)");
}

TEST(SqlTextTest, NothingThatADatabaseReadsAsAnythingElseIsLeft) {
  EXPECT_EQ(EncodeText("a'b\"c\\d$1`\0\n%"s), "a%27b%22c%5Cd%241%60%00%0A%25");
  EXPECT_EQ(EncodeText("\xC3\xA9"), "%C3%A9");
}

TEST(SqlTextTest, DecodesWhatItEncoded) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(DecodeText(EncodeText(all)), all);
}

TEST(SqlTextTest, LeavesAloneWhatIsNoEncoding) {
  for (const char* text : {"%", "%4", "%zz", "100%", "%4g"}) EXPECT_EQ(DecodeText(text), text);
}

TEST(SqlTextTest, BuildsAStatement) {
  const SqlDialect dialect = {"(now)", false, ""};
  SqlText sql(dialect);
  sql.Words("SELECT ").Number(-5).Words(", ").Text("x'; DROP").Words(", ").Now();
  EXPECT_EQ(sql.sql(), "SELECT -5, 'x%27; DROP', (now)");
}

TEST(SqlTextTest, AStatementTakesItsValuesInTheWordsOfTheDatabase) {
  const auto statement = [](const SqlDialect& dialect) {
    return SqlText(dialect)
        .Words("UPDATE t SET a = column2")
        .Rows(" FROM ", "tn")
        .Words(" WHERE b = column1")
        .Statement("tn");
  };
  EXPECT_EQ(statement({"", false, ""}).sql, "UPDATE t SET a = ?2 WHERE b = ?1");
  const SqlStatement with_arrays = statement({"", true, ""});
  EXPECT_EQ(PrepareSql("s", with_arrays),
            "PREPARE s (TEXT[], BIGINT[]) AS UPDATE t SET a = column2"
            " FROM unnest($1, $2) AS v(column1, column2) WHERE b = column1");
  SqlBatch batch;
  batch.select.statement = &with_arrays;
  batch.select.values.Text("a'\"\\").Number(1).Text("b,{}").Null();
  const StatementNames names = {{with_arrays.sql, "s"}};
  const std::string execute = "EXECUTE s ('{\"a%27%22%5C\",\"b,{}\"}', '{1,NULL}'); ";
  EXPECT_EQ(BatchSql(batch, names), execute);
  batch.changes = {batch.select};
  EXPECT_EQ(BatchSql(batch, names), "BEGIN; " + execute + "COMMIT; " + execute);
}

}  // namespace
}  // namespace enos::gateway
