# SPDX-License-Identifier: Apache-2.0
# cmake -DPAGE=dashboard.html -DNAME=kDashboardPage -DOUT=dashboard_page.cc -P embed_page.cmake
#
# Writes a C++ source that holds the page as a string, with the hashes of its one <style> and its one <script> (if it has
# any) as a Content-Security-Policy wants them.

# 64 hexadecimal digits -> base64, in variable `out`.
function(base64_of_sha256 hex out)
  set(alphabet "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
  set(text "")
  # 30 bytes are 10 groups of three; two bytes are left, which make three characters and one '='.
  foreach(group RANGE 0 9)
    math(EXPR at "${group} * 6")
    string(SUBSTRING "${hex}" ${at} 6 digits)
    foreach(shift 18 12 6 0)
      math(EXPR index "(0x${digits} >> ${shift}) & 63")
      string(SUBSTRING "${alphabet}" ${index} 1 character)
      string(APPEND text "${character}")
    endforeach()
  endforeach()
  string(SUBSTRING "${hex}" 60 4 digits)
  foreach(shift 12 6 0)
    math(EXPR index "(0x${digits}00 >> (${shift} + 6)) & 63")
    string(SUBSTRING "${alphabet}" ${index} 1 character)
    string(APPEND text "${character}")
  endforeach()
  set(${out} "${text}=" PARENT_SCOPE)
endfunction()

# The hash of what stands between <tag> and </tag>; empty where the page has no such element.
function(hash_of_element page tag out)
  string(FIND "${page}" "<${tag}>" begin)
  if(begin EQUAL -1)
    set(${out} "" PARENT_SCOPE)
    return()
  endif()
  string(LENGTH "<${tag}>" skip)
  math(EXPR begin "${begin} + ${skip}")
  string(FIND "${page}" "</${tag}>" end)
  string(FIND "${page}" "</${tag}>" last REVERSE)
  if(end LESS begin OR NOT end EQUAL last)
    message(FATAL_ERROR "${PAGE} has to have one <${tag}> and one </${tag}>")
  endif()
  math(EXPR length "${end} - ${begin}")
  string(SUBSTRING "${page}" ${begin} ${length} content)
  string(SHA256 hex "${content}")
  base64_of_sha256(${hex} hash)
  set(${out} "'sha256-${hash}'" PARENT_SCOPE)
endfunction()

file(READ "${PAGE}" page)
hash_of_element("${page}" style style_hash)
hash_of_element("${page}" script script_hash)

# String literals longer than 65536 characters, or with this end in them, would have to be cut.
string(LENGTH "${page}" length)
string(FIND "${page}" ")PAGE\"" clash)
if(length GREATER 60000 OR NOT clash EQUAL -1)
  message(FATAL_ERROR "${PAGE} is longer than 60000 bytes, or holds )PAGE\"")
endif()

file(WRITE "${OUT}" "// Made of ${NAME}'s HTML by embed_page.cmake; do not edit.
#include \"outside/http/pages.h\"

namespace pinhole::outside::http {

const Page ${NAME} = {
    R\"PAGE(${page})PAGE\",
    \"${style_hash}\", \"${script_hash}\"};

}  // namespace pinhole::outside::http
")
