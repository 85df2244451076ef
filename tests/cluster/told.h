#ifndef ENOS_TESTS_CLUSTER_TOLD_H_
#define ENOS_TESTS_CLUSTER_TOLD_H_

#include <chrono>
#include <string>
#include <vector>

#include "enos/flow/error.h"

namespace enos::load {

// What a caller was told of the run that it watched.
struct ToldOfRun {
  std::vector<std::string> interruptions;  // why it was watched again, as OutcomeOf has it
  std::string end;                         // the state that it ended in, or OutcomeOf
};

// What a caller was told.
struct Told {
  std::string call_id;
  std::string key;  // empty: none
  std::chrono::system_clock::time_point begin;
  std::chrono::milliseconds took{0};  // of the call, without what was watched then
  std::vector<std::string> attempts;  // how each ended: "OK", or as OutcomeOf has it
  std::string instance;
  ToldOfRun run;
};

// "CODE REASON EXECUTION", "-" for no reason.
std::string OutcomeOf(const flow::FlowError& error);

// A JSON object on a line of its own, on standard output.
void Print(const Told& told);

}  // namespace enos::load

#endif  // ENOS_TESTS_CLUSTER_TOLD_H_
