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

// Adds what was said of the line, if anything was.
void Add(const std::string& answer, const DoubtfulLine& line, std::vector<Verdict>& verdicts) {
  if (answer == "y" || answer == "yes") verdicts.push_back({line.line, /*started=*/false});
  if (answer == "s" || answer == "started") verdicts.push_back({line.line, /*started=*/true});
}

}  // namespace

std::vector<Verdict> AskAboutDoubtful(const std::vector<DoubtfulLine>& doubtful, Console& console) {
  console.err << doubtful.size()
              << " of the lines may already have started their flow: " << NameLines(doubtful)
              << ".\nCheck in EnOS whether they did.\n";
  const std::string all = Answer(
      "Send them again? [y]es, all  [N]one  [s]tarted, all of them  [e]ach in turn: ", console);
  std::vector<Verdict> verdicts;
  for (const DoubtfulLine& line : doubtful) {
    const bool each = all == "e" || all == "each";
    Add(each ? Answer(
                   absl::StrCat("Line ", NameLines({line}), ", flow ", line.line->request.flow_id(),
                                ": again? [y]es  [N]o  [s]tarted: "),
                   console)
             : all,
        line, verdicts);
  }
  return verdicts;
}

}  // namespace enos::flow::cli
