#ifndef ENOS_FLOW_TESTING_TEST_CERTIFICATE_H_
#define ENOS_FLOW_TESTING_TEST_CERTIFICATE_H_

#include <string>

namespace enos::flow::testing {

// A fresh self-signed certificate and its key, PEM.
struct TestCertificate {
  std::string certificate;
  std::string key;
};

// Valid for that DNS name, from now on for an hour.
TestCertificate MakeTestCertificate(const std::string& dns_name);

}  // namespace enos::flow::testing

#endif  // ENOS_FLOW_TESTING_TEST_CERTIFICATE_H_
