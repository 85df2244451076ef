#include "batch_input.h"

#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "document.h"
#include "text.h"

namespace enos::flow::cli {
namespace {

constexpr char kByteOrderMark[] = "\xEF\xBB\xBF";

absl::StatusOr<BatchLine> ReadLine(absl::string_view text, const RequestFields& defaults,
                                   absl::Time now) {
  const auto document = ParseJson(text);
  if (!document.ok()) return document.status();
  auto given = ReadFields(*document, IdField::kAllowed);
  if (!given.ok()) return given.status();
  const RequestFields fields = WithDefaults(*std::move(given), defaults);
  auto request = MakeRequest(fields, now);
  if (!request.ok()) return request.status();
  BatchLine line;
  line.id = fields.id.value_or("");
  line.fingerprint = Fingerprint(fields);
  line.request = *std::move(request);
  return line;
}

}  // namespace

BatchInput ReadBatch(absl::string_view text, const RequestFields& defaults, absl::Time now) {
  BatchInput input;
  std::map<std::string, int64_t> ids;
  int64_t number = 0;
  absl::ConsumePrefix(&text, kByteOrderMark);
  for (const absl::string_view line_text : absl::StrSplit(text, '\n')) {
    ++number;
    if (absl::StripAsciiWhitespace(line_text).empty()) continue;
    auto line = ReadLine(line_text, defaults, now);
    if (!line.ok()) {
      input.problems.push_back(absl::StrCat("line ", number, ": ", line.status().message()));
      continue;
    }
    line->number = number;
    if (!line->id.empty()) {
      const auto [first, is_new] = ids.emplace(line->id, number);
      if (!is_new) {
        input.problems.push_back(absl::StrCat("line ", number, ": id=", Excerpt(line->id),
                                              ": expected a unique id; line ", first->second,
                                              " already has it"));
      }
    }
    input.lines.push_back(*std::move(line));
  }
  return input;
}

}  // namespace enos::flow::cli
