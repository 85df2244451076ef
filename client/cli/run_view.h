#ifndef ENOS_FLOW_CLI_RUN_VIEW_H_
#define ENOS_FLOW_CLI_RUN_VIEW_H_

#include <iosfwd>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "enos/flow/instance.h"
#include "style.h"

namespace enos::flow::cli {

// What a terminal shows of a run that is watched.
struct RunViewState {
  FlowInstance instance;
  absl::Duration watched;
  std::string note;  // of our own, for example that the connection is lost; may be empty
};

// Its lines: the run, then its tasks in EnOS's order. None is wider than the terminal, and there
// are fewer than its rows: where the tasks are too many, those that wait or are done make room
// first. In less than 24 columns or 4 rows only the first line is left.
std::vector<std::string> RenderRun(const RunViewState& state, int columns, int rows,
                                   const Style& style);

// Keeps these lines up to date on a terminal, in one place.
class RunView {
 public:
  RunView(std::ostream& terminal, int columns, int rows, const Style& style)
      : terminal_(terminal), columns_(columns), rows_(rows), style_(style) {}

  void Show(const RunViewState& state);

 private:
  std::ostream& terminal_;
  const int columns_;
  const int rows_;
  const Style style_;
  size_t lines_ = 0;  // shown now, above the cursor
};

}  // namespace enos::flow::cli

#endif  // ENOS_FLOW_CLI_RUN_VIEW_H_
