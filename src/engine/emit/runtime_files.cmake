# SPDX-License-Identifier: Apache-2.0
# cmake -DFOLDER=runtime -DOUT=runtime_files.cc -P runtime_files.cmake: the folder's files as a table of C++ strings.
file(GLOB files RELATIVE ${FOLDER} ${FOLDER}/*.h ${FOLDER}/*.cc)
list(SORT files)
set(text "// Made by runtime_files.cmake.\n#include \"engine/emit/runtime_files.h\"\n\nnamespace pinhole::engine::emit {\n\n")
string(APPEND text "namespace {\n\nconstexpr RuntimeFile kFiles[] = {\n")
foreach(file ${files})
  file(READ ${FOLDER}/${file} content)
  string(APPEND text "{\"${file}\", R\"PINHOLE(${content})PINHOLE\"},\n")
endforeach()
string(APPEND text "};\n\n}  // namespace\n\nstd::span<const RuntimeFile> RuntimeFiles() { return kFiles; }\n\n}  // namespace pinhole::engine::emit\n")
file(WRITE ${OUT} "${text}")
