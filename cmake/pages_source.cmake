# Script: writes SOURCE, which defines FUNCTION of HEADER, with the compressed FILES of FOLDER (separated by |). An index.html is the
# page at /, every other FILE is at /console/FILE.
set(type_html "text/html; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_js "text/javascript; charset=utf-8")
set(type_svg "image/svg+xml")

set(bytes "")
set(rows "")
set(number 0)
string(REPLACE "|" ";" FILES "${FILES}")
foreach(file IN LISTS FILES)
  execute_process(COMMAND gzip -9nc ${FOLDER}/${file} OUTPUT_FILE ${SOURCE}.gz COMMAND_ERROR_IS_FATAL ANY)
  file(READ ${SOURCE}.gz hex HEX)
  string(REGEX REPLACE "(..)" "\\\\x\\1" literal "${hex}")
  file(SIZE ${SOURCE}.gz gzip_size)
  file(SIZE ${FOLDER}/${file} size)
  file(SHA256 ${FOLDER}/${file} hash)
  string(SUBSTRING ${hash} 0 32 hash)
  string(REGEX MATCH "[^.]+$" ending ${file})
  set(path "/console/${file}")
  if(file STREQUAL "index.html")
    set(path "/")
  endif()
  string(APPEND bytes "constexpr std::string_view kFile${number}(\"${literal}\", ${gzip_size});\n")
  string(APPEND rows "    {\"${path}\", \"${type_${ending}}\", \"${hash}\", kFile${number}, ${size}},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(REMOVE ${SOURCE}.gz)

file(WRITE ${SOURCE} "// Made by cmake/pages_source.cmake.
#include \"${HEADER}\"

namespace headgate::hub {
namespace {

${bytes}
constexpr Page kPages[] = {
${rows}};

}  // namespace

std::span<const Page> ${FUNCTION}() { return kPages; }

}  // namespace headgate::hub
")
