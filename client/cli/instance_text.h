#ifndef ENOS_FLOW_CLI_INSTANCE_TEXT_H_
#define ENOS_FLOW_CLI_INSTANCE_TEXT_H_

#include <string>

#include "absl/time/time.h"
#include "enos/flow/instance.h"
#include "style.h"

namespace enos::flow::cli {

using dataflow::v1::TaskInstance;

// A run in words, fit for a terminal whatever its texts hold.

// "RUNNING"; "UNKNOWN" for a status that is not known here.
std::string StateWord(FlowInstanceState state);
// The same, with EnOS's number where it is not known.
std::string StateText(FlowInstanceState state, int enos_status);
std::string Painted(const std::string& text, FlowInstanceState state, const Style& style);

// A task's name, else its id.
std::string TaskLabel(const TaskInstance& task);
// Done: SUCCEEDED or SKIPPED. Bad: FAILED, INTERNAL_ERROR, TIMED_OUT or CANCELLED.
bool IsDone(FlowInstanceState state);
bool IsBad(FlowInstanceState state);

// RFC 3339, in UTC.
std::string TimeText(const google::protobuf::Timestamp& time);

// All of it, several lines.
std::string FormatInstanceText(const FlowInstance& instance, const Style& style);

// A line: the time, the run's state, and the tasks whose state is another than in `before`
// (nullptr: all of them).
std::string FormatChange(const FlowInstance* before, const FlowInstance& after, absl::Time now,
                         const Style& style);

// A line about a run that ended otherwise than it should: how, and with which tasks.
std::string FormatBadEnd(const FlowInstance& instance, const Style& style);

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_INSTANCE_TEXT_H_
