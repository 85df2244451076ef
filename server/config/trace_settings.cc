#include "server/config/trace_settings.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>

#include "server/base/text.h"
#include "server/config/error_line.h"
#include "server/config/keys.h"
#include "server/config/parse_settings.h"
#include "server/config/values.h"

namespace enos::gateway {
namespace {

constexpr int64_t kMostMilliseconds = 3'600'000;
constexpr int64_t kMostSpans = 1'000'000;
constexpr size_t kMaxPemBytes = 4 << 20;

bool IsVisible(char c) { return c > ' ' && c <= '~'; }

bool IsUrl(std::string_view text) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!StartsWith(text, scheme)) continue;
    const std::string_view rest = text.substr(scheme.size());
    return !rest.empty() && rest.front() != '/' &&
           rest.find_first_of("@?#") == std::string_view::npos &&
           std::all_of(rest.begin(), rest.end(), IsVisible);
  }
  return false;
}

// "name=value,...", as W3C Baggage writes them; nullopt: something else.
using Pairs = std::multimap<std::string, std::string>;
std::optional<Pairs> ParsePairs(std::string_view text) {
  Pairs pairs;
  for (const std::string_view member : Split(text, ',')) {
    if (Trimmed(member).empty()) continue;
    const size_t equals = member.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string_view name = Trimmed(member.substr(0, equals));
    auto value = PercentDecoded(Trimmed(member.substr(equals + 1)));
    if (name.empty() || !std::all_of(name.begin(), name.end(), IsVisible) || !value)
      return std::nullopt;
    pairs.emplace(name, *std::move(value));
  }
  return pairs;
}

// What becomes one header line must be one.
bool AreHeaders(const Pairs& pairs) {
  return std::all_of(pairs.begin(), pairs.end(), [](const auto& pair) {
    return std::all_of(pair.second.begin(), pair.second.end(),
                       [](char c) { return c >= ' ' && c <= '~'; }) &&
           pair.first.find(':') == std::string::npos;
  });
}

std::optional<double> ParseRatio(std::string_view text) {
  double ratio = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, ratio);
  const bool is_number = read.ec == std::errc() && read.ptr == end;
  // NaN is in no range.
  if (is_number && ratio >= 0 && ratio <= 1) return ratio;
  return std::nullopt;
}

// One run of ReadTraceSettings. A variable that is empty counts as not set.
class Reader {
 public:
  Reader(const EnvLookup& environment, const FileReader& read_file)
      : environment_(environment), read_file_(read_file) {
    RegisterKeyVariables(environment_, &keys_);
  }

  absl::StatusOr<TraceSettings> Run(bool can_export) {
    TakeEndpoint();
    if (settings_.endpoint.empty() || !can_export) return settings_;
    ReadExporter();
    ReadFiles();
    ReadSampler();
    ReadBatches();
    ReadResource();
    if (!error_.empty()) return absl::InvalidArgumentError(error_);
    return settings_;
  }

 private:
  struct Variable {
    std::string_view name;
    std::string value;
  };

  std::optional<Variable> Find(std::initializer_list<std::string_view> names) const {
    for (const std::string_view name : names) {
      auto value = environment_(name);
      if (value && !value->empty()) return Variable{name, *std::move(value)};
    }
    return std::nullopt;
  }

  // The first error stays.
  void Refuse(const Variable& variable, std::string_view expected) {
    RefuseWith(variable.name, Concat(Quoted(variable.value, keys_), " is not valid"), expected);
  }
  void RefuseWith(std::string_view name, std::string_view what, std::string_view expected) {
    if (error_.empty()) error_ = Concat(name, ": ", what, ", expected ", expected);
  }

  void TakeEndpoint() {
    const auto disabled = Find({"OTEL_SDK_DISABLED"});
    if (disabled && LowerCase(disabled->value) == "true") return;
    const auto exporter = Find({"OTEL_TRACES_EXPORTER"});
    if (exporter && exporter->value == "none") return;
    endpoint_ = Find({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"});
    if (endpoint_) settings_.endpoint = endpoint_->value;
  }

  void ReadExporter() {
    if (const auto exporter = Find({"OTEL_TRACES_EXPORTER"}); exporter && exporter->value != "otlp")
      Refuse(*exporter, "otlp or none");
    if (!IsUrl(endpoint_->value)) {
      Refuse(*endpoint_,
             "http:// or https:// with a host, and no user or query "
             "(OTEL_EXPORTER_OTLP_HEADERS is for secrets)");
    }
    const auto protocol =
        Find({"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"});
    if (protocol && protocol->value == "grpc") {
      settings_.protocol = TraceProtocol::kGrpc;
    } else if (protocol && protocol->value != "http/protobuf") {
      Refuse(*protocol, "http/protobuf or grpc");
    }
    const bool is_base = endpoint_->name == "OTEL_EXPORTER_OTLP_ENDPOINT";
    if (is_base && settings_.protocol == TraceProtocol::kHttpProtobuf)
      settings_.endpoint.append(EndsWith(settings_.endpoint, "/") ? "v1/traces" : "/v1/traces");
    ReadHeaders();
    const auto compression =
        Find({"OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "OTEL_EXPORTER_OTLP_COMPRESSION"});
    settings_.gzip = compression && compression->value == "gzip";
    if (compression && !settings_.gzip && compression->value != "none")
      Refuse(*compression, "gzip or none");
    ReadTime({"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"},
             &settings_.timeout);
  }

  void ReadHeaders() {
    const auto given = Find({"OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"});
    if (!given) return;
    const auto headers = ParsePairs(given->value);
    if (headers && AreHeaders(*headers)) {
      settings_.headers = *headers;
    } else {
      RefuseWith(given->name, "not valid", "name=value,name=value, percent-encoded");
    }
  }

  void ReadFiles() {
    settings_.ca_file =
        ReadFile({"OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "OTEL_EXPORTER_OTLP_CERTIFICATE"});
    constexpr std::string_view kKey = "OTEL_EXPORTER_OTLP_CLIENT_KEY";
    constexpr std::string_view kCertificate = "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE";
    settings_.client_key_file = ReadFile({"OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY", kKey});
    settings_.client_certificate_file =
        ReadFile({"OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE", kCertificate});
    if (settings_.client_key_file.empty() != settings_.client_certificate_file.empty())
      RefuseWith(settings_.client_key_file.empty() ? kKey : kCertificate, "missing",
                 "both or neither");
    if (!settings_.client_key_file.empty() && settings_.protocol == TraceProtocol::kGrpc)
      RefuseWith(kKey, "cannot be used with the protocol grpc", "http/protobuf with it");
  }

  std::string ReadFile(std::initializer_list<std::string_view> names) {
    const auto path = Find(names);
    if (!path) return "";
    const auto content = read_file_(path->value, kMaxPemBytes);
    if (!content.ok()) {
      Refuse(*path, Concat("a file (PEM) (", std::string(content.status().message()), ")"));
    } else if (!Contains(content->Reveal(), "-----BEGIN ")) {
      Refuse(*path, "a file (PEM) (it has no -----BEGIN line)");
    }
    return path->value;
  }

  void ReadSampler() {
    const auto sampler = Find({"OTEL_TRACES_SAMPLER"});
    if (!sampler) return;
    constexpr std::string_view kParentBased = "parentbased_";
    std::string_view kind = sampler->value;
    settings_.parent_based = StartsWith(kind, kParentBased);
    if (settings_.parent_based) kind.remove_prefix(kParentBased.size());
    if (kind == "traceidratio") {
      ReadRatio();
    } else if (kind == "always_on" || kind == "always_off") {
      settings_.ratio = kind == "always_on" ? 1 : 0;
    } else {
      Refuse(*sampler,
             "always_on, always_off or traceidratio, each also with parentbased_ before it");
    }
  }

  void ReadRatio() {
    const auto argument = Find({"OTEL_TRACES_SAMPLER_ARG"});
    if (!argument) return;
    const auto ratio = ParseRatio(argument->value);
    if (!ratio) return Refuse(*argument, "a number between 0 and 1");
    settings_.ratio = *ratio;
  }

  void ReadBatches() {
    ReadTime({"OTEL_BSP_SCHEDULE_DELAY"}, &settings_.delay);
    std::chrono::milliseconds export_timeout = settings_.timeout;
    ReadTime({"OTEL_BSP_EXPORT_TIMEOUT"}, &export_timeout);
    settings_.timeout = std::min(settings_.timeout, export_timeout);
    ReadNumber({"OTEL_BSP_MAX_QUEUE_SIZE"}, kMostSpans, &settings_.max_queue);
    // A queue that is set to be shorter than the default of a batch is no mistake.
    settings_.max_batch = std::min(settings_.max_batch, settings_.max_queue);
    ReadNumber({"OTEL_BSP_MAX_EXPORT_BATCH_SIZE"}, settings_.max_queue, &settings_.max_batch);
  }

  void ReadTime(std::initializer_list<std::string_view> names, std::chrono::milliseconds* time) {
    int64_t count = time->count();
    ReadNumber(names, kMostMilliseconds, &count);
    *time = std::chrono::milliseconds(count);
  }

  void ReadNumber(std::initializer_list<std::string_view> names, int64_t most, int64_t* number) {
    const auto given = Find(names);
    if (!given) return;
    const auto parsed = ParseIntegerBetween(given->value, 1, most);
    if (!parsed) return Refuse(*given, Concat("a number from 1 to ", std::to_string(most)));
    *number = *parsed;
  }

  void ReadResource() {
    if (const auto given = Find({"OTEL_RESOURCE_ATTRIBUTES"})) {
      const auto attributes = ParsePairs(given->value);
      if (!attributes) return Refuse(*given, "name=value,name=value, percent-encoded");
      settings_.resource.insert(attributes->begin(), attributes->end());
    }
    if (const auto name = Find({"OTEL_SERVICE_NAME"}))
      settings_.resource["service.name"] = name->value;
    settings_.resource.emplace("service.name", kProgramName);
  }

  const EnvLookup& environment_;
  const FileReader& read_file_;
  SecretMask keys_;
  std::optional<Variable> endpoint_;
  TraceSettings settings_;
  std::string error_;
};

}  // namespace

absl::StatusOr<TraceSettings> ReadTraceSettings(const EnvLookup& environment,
                                                const FileReader& read_file, bool can_export) {
  return Reader(environment, read_file).Run(can_export);
}

}  // namespace enos::gateway
