#ifndef ENOS_TESTS_SUPPORT_FILES_H_
#define ENOS_TESTS_SUPPORT_FILES_H_

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

namespace enos {

// All of it; empty where it cannot be read.
inline std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline void WriteFile(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

// A folder that goes with all that is in it.
class TempFolder {
 public:
  TempFolder() {
    if (mkdtemp(path_.data()) == nullptr) std::abort();
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string path(const std::string& name) const { return path_ + "/" + name; }
  // Writes that file, and gives its path.
  std::string Write(const std::string& name, const std::string& text) const {
    WriteFile(path(name), text);
    return path(name);
  }

 private:
  std::string path_ = (std::filesystem::temp_directory_path() / "enos-test.XXXXXX").string();
};

}  // namespace enos

#endif  // ENOS_TESTS_SUPPORT_FILES_H_
