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
  const SqlDialect dialect = {"(now)", false};
  SqlText sql(dialect);
  sql.Words("SELECT ").Number(-5).Words(", ").Text("x'; DROP").Words(", ").Now();
  EXPECT_EQ(sql.sql(), "SELECT -5, 'x%27; DROP', (now)");
}

TEST(SqlTextTest, Rows_InTheWordsOfTheDatabase) {
  const auto text = [](const SqlDialect& dialect) {
    SqlRows rows(dialect, "tn");
    rows.Text("a'\"\\").Number(1).Text("b,{}").Null();
    return SqlText(dialect).Rows(rows).Words(" x").IsOneOf({"c", "'"}).sql();
  };
  EXPECT_EQ(text({"", false}), "(VALUES ('a%27%22%5C', 1), ('b,{}', NULL)) AS v x IN ('c','%27')");
  EXPECT_EQ(text({"", true}),
            "unnest('{\"a%27%22%5C\",\"b,{}\"}'::TEXT[], '{1,NULL}'::BIGINT[])"
            " AS v(column1, column2) x = ANY ('{\"c\",\"%27\"}')");
}

}  // namespace
}  // namespace enos::gateway
