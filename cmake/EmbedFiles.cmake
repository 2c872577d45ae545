# cmake -DROOT=<folder> -DFILES=<path,path,…> -DOUTPUT=<file.cc> -P EmbedFiles.cmake
#
# Writes a C++ source that holds the files (paths below ROOT) as text, for
# calve::app::ExampleFiles().
string(REPLACE "," ";" paths "${FILES}")
set(entries "")
foreach(path IN LISTS paths)
  file(READ "${ROOT}/${path}" text)
  string(APPEND entries "    {R\"file(${path})file\", R\"file(${text})file\"},\n")
endforeach()
file(WRITE "${OUTPUT}" "// Made by cmake/EmbedFiles.cmake.
#include \"app/scaffold.h\"

#include <array>

namespace calve::app {
namespace {

constexpr auto kFiles = std::to_array<EmbeddedFile>({
${entries}});

}  // namespace

std::span<const EmbeddedFile> ExampleFiles() {
  return kFiles;
}

}  // namespace calve::app
")
