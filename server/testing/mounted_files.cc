#include "server/testing/mounted_files.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace enos::gateway {
namespace {

namespace fs = std::filesystem;

void Write(const std::string& path, std::string_view content) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << content << std::flush;
  if (file) return;
  std::fprintf(stderr, "cannot write %s\n", path.c_str());
  std::abort();
}

std::string NewFolder() {
  std::string name = (fs::temp_directory_path() / "enos_mounted_XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) std::abort();
  return name;
}

}  // namespace

MountedFiles::MountedFiles(const Contents& contents) : folder_(NewFolder()) { Swap(contents); }

MountedFiles::~MountedFiles() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::string MountedFiles::path(std::string_view name) const {
  return folder_ + "/" + std::string(name);
}

void MountedFiles::Swap(const Contents& contents) {
  const std::string before = "..version_" + std::to_string(version_);
  const std::string version = "..version_" + std::to_string(++version_);
  fs::create_directory(path(version));
  for (const auto& [name, content] : contents) {
    Write(path(version).append("/").append(name), content);
    if (!fs::is_symlink(path(name))) fs::create_symlink("..data/" + name, path(name));
  }
  fs::create_directory_symlink(version, path("..data_tmp"));
  fs::rename(path("..data_tmp"), path("..data"));
  fs::remove_all(path(before));
}

void MountedFiles::Overwrite(std::string_view name, std::string_view content) const {
  Write(path(name), content);
}

}  // namespace enos::gateway
