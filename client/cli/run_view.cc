#include "run_view.h"

#include <algorithm>
#include <ostream>

#include "absl/strings/str_cat.h"
#include "instance_text.h"
#include "text.h"

namespace enos::flow::cli {
namespace {

constexpr int kNarrow = 24;
constexpr int kLow = 4;
constexpr size_t kStateColumns = 15;  // INTERNAL_ERROR and a blank

// `text` in at most so many columns. What is not ASCII counts as two: as wide as any character is.
std::string Cut(const std::string& text, int columns) {
  int used = 0;
  size_t end = 0;
  while (end < text.size()) {
    const auto first = static_cast<unsigned char>(text[end]);
    size_t next = end + 1;
    while (next < text.size() && (static_cast<unsigned char>(text[next]) & 0xC0U) == 0x80) ++next;
    used += first < 0x80 ? 1 : 2;
    if (used > columns) break;
    end = next;
  }
  return text.substr(0, end);
}

std::string TaskLine(const TaskInstance& task, int columns, const Style& style) {
  std::string state = StateText(task.state(), task.enos_status());
  const size_t padding = std::max(kStateColumns, state.size() + 1) - state.size();
  const int left = columns - 2 - static_cast<int>(state.size() + padding);
  return absl::StrCat("  ", Painted(state, task.state(), style), std::string(padding, ' '),
                      Cut(TaskLabel(task), left));
}

bool IsCalm(const TaskInstance& task) {
  return IsDone(task.state()) || task.state() == dataflow::v1::FLOW_INSTANCE_STATE_WAITING ||
         task.state() == dataflow::v1::FLOW_INSTANCE_STATE_INITIALIZING;
}

// Which tasks to show, at most so many, in order.
std::vector<const TaskInstance*> Choose(const FlowInstance& instance, size_t most) {
  const auto calm =
      static_cast<size_t>(std::count_if(instance.tasks().begin(), instance.tasks().end(), IsCalm));
  const size_t others = static_cast<size_t>(instance.tasks_size()) - calm;
  size_t room = std::min(others, most);
  size_t room_for_calm = most - room;
  std::vector<const TaskInstance*> chosen;
  for (const TaskInstance& task : instance.tasks()) {
    size_t& left = IsCalm(task) ? room_for_calm : room;
    if (left == 0) continue;
    --left;
    chosen.push_back(&task);
  }
  return chosen;
}

std::string FirstLine(const RunViewState& state, int columns, const Style& style) {
  const FlowInstance& instance = state.instance;
  const auto done = std::count_if(instance.tasks().begin(), instance.tasks().end(),
                                  [](const TaskInstance& task) { return IsDone(task.state()); });
  const std::string word = Cut(StateText(instance.state(), instance.enos_status()), columns);
  std::string rest = absl::StrCat(
      "  ", absl::FormatDuration(absl::Trunc(state.watched, absl::Seconds(1))), "  ",
      ForTerminal(instance.flow_instance_id()), " ", ForTerminal(instance.flow_name()));
  if (instance.tasks_size() > 0) {
    rest = absl::StrCat("  ", done, "/", instance.tasks_size(), " tasks", rest);
  }
  if (!state.note.empty()) rest = absl::StrCat("  ", state.note, rest);
  return Painted(word, instance.state(), style) +
         Cut(rest, columns - static_cast<int>(word.size()));
}

}  // namespace

std::vector<std::string> RenderRun(const RunViewState& state, int columns, int rows,
                                   const Style& style) {
  // The last column stays free: some terminals go to the next line when it is written.
  const int width = std::max(columns - 1, 1);
  std::vector<std::string> lines = {FirstLine(state, width, style)};
  if (columns < kNarrow || rows < kLow) return lines;
  const auto all = static_cast<size_t>(state.instance.tasks_size());
  // The first line, that of the rest, and the one that the cursor is on.
  const size_t room = static_cast<size_t>(rows) - 3;
  const auto shown = Choose(state.instance, room);
  for (const TaskInstance* const task : shown) lines.push_back(TaskLine(*task, width, style));
  if (all > shown.size()) {
    lines.push_back(Cut(absl::StrCat("  and ", all - shown.size(), " more"), width));
  }
  return lines;
}

void RunView::Show(const RunViewState& state) {
  // Without wrapping, so that lines stay lines where the terminal was made narrower since.
  std::string text = "\x1b[?7l\r";
  if (lines_ > 0) absl::StrAppend(&text, "\x1b[", lines_, "A");
  const auto lines = RenderRun(state, columns_, rows_, style_);
  for (const std::string& line : lines) absl::StrAppend(&text, line, "\x1b[K\n");
  absl::StrAppend(&text, "\x1b[J\x1b[?7h");
  lines_ = lines.size();
  terminal_ << text << std::flush;
}

}  // namespace enos::flow::cli
