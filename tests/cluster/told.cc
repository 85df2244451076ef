#include "tests/cluster/told.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cstdio>

#include "absl/strings/str_cat.h"

namespace enos::load {
namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

void WriteTexts(Writer& writer, const char* name, const std::vector<std::string>& texts) {
  writer.Key(name);
  writer.StartArray();
  for (const std::string& text : texts) writer.String(text);
  writer.EndArray();
}

void WriteText(Writer& writer, const char* name, const std::string& text) {
  writer.Key(name);
  writer.String(text);
}

void WriteTime(Writer& writer, const char* name, std::chrono::system_clock::duration time) {
  writer.Key(name);
  writer.Int64(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

}  // namespace

std::string OutcomeOf(const flow::FlowError& error) {
  return absl::StrCat(flow::StatusCodeName(error.code), " ",
                      error.reason.empty() ? "-" : error.reason, " ",
                      flow::ExecutionName(error.execution));
}

void Print(const Told& told) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  writer.StartObject();
  WriteText(writer, "callId", told.call_id);
  if (!told.key.empty()) WriteText(writer, "key", told.key);
  WriteTime(writer, "begin", told.begin.time_since_epoch());
  WriteTime(writer, "ms", told.took);
  WriteTexts(writer, "attempts", told.attempts);
  WriteText(writer, "instance", told.instance);
  if (!told.run.end.empty()) {
    WriteTexts(writer, "interruptions", told.run.interruptions);
    WriteText(writer, "end", told.run.end);
  }
  writer.EndObject();
  std::printf("%s\n", buffer.GetString());
  std::fflush(stdout);
}

}  // namespace enos::load
