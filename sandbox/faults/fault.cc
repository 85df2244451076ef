#include "sandbox/faults/fault.h"

#include <array>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "sandbox/enos/json_value.h"
#include "sandbox/enos/result_code.h"

namespace enos::sandbox {
namespace {

using Wire = Fault::Wire;
using Content = Fault::Content;

struct WireName {
  absl::string_view name;
  Wire wire = Wire::kProper;
};
constexpr std::array kWires = {
    WireName{"reset", Wire::kReset},
    WireName{"close", Wire::kClose},
    WireName{"hang", Wire::kHang},
    WireName{"half-head", Wire::kHalfHead},
    WireName{"half-answer", Wire::kHalfBody},
    WireName{"half-answer-reset", Wire::kHalfBodyReset},
    WireName{"length-too-long", Wire::kLengthTooLong},
    WireName{"length-too-short", Wire::kLengthTooShort},
    WireName{"trickle", Wire::kTrickle},
    WireName{"close-after", Wire::kCloseAnnounced},
    WireName{"close-silently", Wire::kCloseSilently},
    WireName{"reset-silently", Wire::kResetSilently},
};

struct ContentName {
  absl::string_view name;
  Content content = Content::kProper;
};
constexpr std::array kContents = {
    ContentName{"not-json", Content::kNotJson},  ContentName{"not-utf8", Content::kNotUtf8},
    ContentName{"no-code", Content::kNoCode},    ContentName{"empty-id", Content::kEmptyId},
    ContentName{"deep", Content::kDeep},         ContentName{"too-large", Content::kTooLarge},
    ContentName{"redirect", Content::kRedirect},
};

absl::Status NotUnderstood(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("\"", what, "\" is no kind of fault"));
}

bool ReadData(absl::string_view kind, Fault& fault) {
  if (kind == "data-null") {
    fault.data = "null";
  } else if (kind == "data-object") {
    fault.data = "{}";
  } else if (kind != "data-absent") {
    return false;
  }
  fault.content = Content::kData;
  return true;
}

bool ReadNamed(absl::string_view kind, Fault& fault) {
  if (ReadData(kind, fault)) return true;
  for (const auto& [name, wire] : kWires) {
    if (kind == name) {
      fault.wire = wire;
      return true;
    }
  }
  for (const auto& [name, content] : kContents) {
    if (kind == name) {
      fault.content = content;
      return true;
    }
  }
  if (kind != "before" && kind != "after") return false;
  fault.executes = kind == "after";
  return true;
}

bool ReadNumbered(absl::string_view kind, Fault& fault) {
  int number = 0;
  const std::size_t dash = kind.rfind('-');
  if (dash == absl::string_view::npos || !absl::SimpleAtoi(kind.substr(dash + 1), &number)) {
    return false;
  }
  const absl::string_view name = kind.substr(0, dash);
  if (name == "code") {
    fault.code = number;
    return number >= 0;
  }
  if (name != "http" && name != "html") return false;
  if (name == "html") fault.content = Content::kHtml;
  fault.http_status = number;
  return number >= 200 && number <= 599;
}

bool ReadWithArgument(absl::string_view name, absl::string_view argument, Fault& fault) {
  const std::string text(argument);
  if (name == "retry-after") {
    fault.retry_after = text;
    return !text.empty() && text.find_first_of("\r\n") == std::string::npos;
  }
  if (name == "data") {
    fault.content = Content::kData;
    fault.data = absl::StrCat("\"", text, "\"");
    return ParseJson(*fault.data).has_value();
  }
  const absl::StatusOr<Latency> latency = ParseLatency(text);
  if (!latency.ok()) return false;
  if (name == "latency") {
    fault.latency = *latency;
    return true;
  }
  if (name != "trickle") return false;
  fault.wire = Wire::kTrickle;
  fault.trickle_interval = latency->At(0);
  return true;
}

bool ReadKind(absl::string_view kind, Fault& fault) {
  const std::size_t equals = kind.find('=');
  if (equals != absl::string_view::npos) {
    return ReadWithArgument(kind.substr(0, equals), kind.substr(equals + 1), fault);
  }
  return ReadNamed(kind, fault) || ReadNumbered(kind, fault);
}

// Takes "xN" off the end, where it is there.
absl::string_view TakeTimes(absl::string_view text, Fault& fault) {
  const std::size_t x = text.rfind('x');
  std::uint64_t times = 0;
  if (x == absl::string_view::npos || !absl::SimpleAtoi(text.substr(x + 1), &times)) return text;
  fault.times = times;
  return text.substr(0, x);
}

bool DeliversWhole(Wire wire) {
  return wire == Wire::kProper || wire == Wire::kTrickle || wire == Wire::kCloseAnnounced ||
         wire == Wire::kCloseSilently || wire == Wire::kResetSilently;
}

}  // namespace

absl::StatusOr<Fault> ParseFault(std::string_view text) {
  Fault fault;
  const absl::string_view kinds = TakeTimes(absl::string_view(text.data(), text.size()), fault);
  fault.name = std::string(kinds);
  for (const absl::string_view kind : absl::StrSplit(kinds, '+')) {
    if (!ReadKind(kind, fault)) return NotUnderstood(kind);
  }
  if (fault.executes.has_value() &&
      (*fault.executes ? AnswersRefusal(fault) : AnswersSuccess(fault))) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", fault.name, "\" would answer what is not true: no EnOS does that"));
  }
  return fault;
}

bool AnswersSuccess(const Fault& fault) {
  const bool good_status = fault.http_status.value_or(200) / 100 == 2;
  return DeliversWhole(fault.wire) && fault.content == Content::kProper && good_status &&
         fault.code.value_or(0) == 0;
}

bool AnswersRefusal(const Fault& fault) {
  if (!DeliversWhole(fault.wire)) return false;
  // A proxy's 503 may hide a started flow: with "after" the sandbox plays that proxy.
  if (fault.http_status == 503 && !fault.code.has_value()) return false;
  const int decisive = fault.code.value_or(fault.http_status.value_or(200));
  return decisive != 503 && IsRefusal(decisive);
}

bool RunsFlow(const Fault& fault) {
  if (fault.executes.has_value()) return *fault.executes;
  return !IsRefusal(fault.code.value_or(fault.http_status.value_or(200)));
}

std::string FaultKindsHelp() {
  return R"(  reset close hang                 no answer: RST, FIN, or silence
  half-head half-answer            the answer breaks off, then FIN
  half-answer-reset                the same, then RST
  length-too-long length-too-short a wrong Content-Length, then FIN
  trickle[=20ms]                   the answer in pieces of 16 bytes
  close-after                      answers with "Connection: close"
  close-silently reset-silently    closes after the answer without saying so
  http-STATUS                      that HTTP status, plain text
  html-STATUS                      that HTTP status and a page of HTML
  code-N                           that result code, as JSON
  not-json not-utf8 deep           a body that cannot be read
  no-code empty-id too-large       JSON without a code, without an id, of 2 MiB
  redirect                         307 to the same address
  data= data-absent data-null data-object, data=TEXT
                                   success, but with this as data: "", no data, null, {}, "TEXT"
  retry-after=2                    adds the header Retry-After
  latency=2s                       another latency for this answer
  before | after                   whether the flow is started (or the run cancelled) all the same; without it refusals
                                   (4xx, 501, 503 and their codes) come before, all else after
)";
}

}  // namespace enos::sandbox
