#ifndef ENOS_FLOW_CLI_JSON_TEXT_H_
#define ENOS_FLOW_CLI_JSON_TEXT_H_

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <string>

#include "enos/flow/instance.h"
#include "enos/flow/result.h"

namespace enos::flow::cli {

// Writes ASCII only (other characters as \uXXXX), so that every text arrives unchanged and none can
// harm a terminal.
using JsonWriter =
    rapidjson::Writer<rapidjson::StringBuffer, rapidjson::UTF8<>, rapidjson::ASCII<>>;

// One member. Bytes that are not UTF-8 become U+FFFD.
void WriteText(JsonWriter& writer, const char* key, const std::string& text);
void WriteTextIfAny(JsonWriter& writer, const char* key, const std::string& text);

// The members that describe a result, without the braces around them; see output.h.
void WriteFlow(JsonWriter& writer, const TriggeredFlow& flow);
void WriteError(JsonWriter& writer, const FlowError& error);
void WriteInstance(JsonWriter& writer, const FlowInstance& instance);

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_JSON_TEXT_H_
