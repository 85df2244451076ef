#ifndef OPTIONS_H_
#define OPTIONS_H_

#include <string>
#include <utility>
#include <vector>

// The command line.
struct Options {
  std::string address = "127.0.0.1:50051";
  std::string ca_file;  // if set, TLS; otherwise plaintext
  std::string user_id;
  std::string org_id;
  int flow_id = 0;
  std::vector<std::pair<std::string, std::string>> parameters;
  double timeout_seconds = 30;  // for everything, including retries
  int attempts = 4;
};

// Throws std::invalid_argument with a message for people.
Options ParseOptions(int argc, char** argv);

#endif  // OPTIONS_H_
