#include "ask.h"

#include <istream>
#include <ostream>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace enos::flow::cli {
namespace {

std::string Answer(const std::string& question, Console& console) {
  console.err << question << std::flush;
  std::string answer;
  if (!std::getline(console.in, answer)) return "";
  return absl::AsciiStrToLower(absl::StripAsciiWhitespace(answer));
}

bool IsYes(const std::string& answer) { return answer == "y" || answer == "yes"; }

}  // namespace

std::vector<const BatchLine*> AskAboutDoubtful(const std::vector<DoubtfulLine>& doubtful,
                                               Console& console) {
  console.err << doubtful.size()
              << " of the lines may already have started their flow: " << NameLines(doubtful)
              << ".\nCheck in EnOS whether they did.\n";
  const std::string all = Answer("Send them again? [y]es, all  [N]one  [e]ach in turn: ", console);
  const bool each = all == "e" || all == "each";
  std::vector<const BatchLine*> confirmed;
  for (const DoubtfulLine& line : doubtful) {
    const bool yes =
        each ? IsYes(Answer(absl::StrCat("Line ", NameLines({line}), ", flow ",
                                         line.line->request.flow_id(), ": again? [y/N] "),
                            console))
             : IsYes(all);
    if (yes) confirmed.push_back(line.line);
  }
  return confirmed;
}

}  // namespace enos::flow::cli
