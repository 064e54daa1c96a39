// SPDX-License-Identifier: Apache-2.0
#pragma once

// Result<T>: a value, or the Error that stands in its place. The spelling is std::expected's
// (C++23), so that the day the compilers of every target have it this file becomes an alias.
//
// No exceptions: value() on an error aborts, since asking for a value that is not there is a defect
// of the caller. Use:
//   Result<Shape> shape = ReadShape(table);
//   if (!shape) { return Unexpected(shape.error()); }
// or, the same in one line, PINHOLE_ASSIGN(const Shape shape, ReadShape(table));

#include <cstdlib>
#include <memory>
#include <type_traits>
#include <utility>

#include "base/error.h"

namespace pinhole::base {

class Unexpected {
 public:
  constexpr explicit Unexpected(Error error) : error_(error) {}
  [[nodiscard]] constexpr Error error() const { return error_; }

 private:
  Error error_;
};

template <typename T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  constexpr Result(const T& value)  // NOLINT(google-explicit-constructor)
      : has_value_(true), value_(value) {}
  constexpr Result(T&& value)  // NOLINT(google-explicit-constructor)
      : has_value_(true), value_(std::move(value)) {}
  constexpr Result(Unexpected failed) : has_value_(false), error_(failed.error()) {}  // NOLINT
  constexpr Result(Result&& other) noexcept(std::is_nothrow_move_constructible_v<T>)
      : has_value_(other.has_value_) {
    if (has_value_) {
      std::construct_at(&value_, std::move(other.value_));
    } else {
      error_ = other.error_;
    }
  }
  constexpr Result(const Result& other) : has_value_(other.has_value_) {
    if (has_value_) {
      std::construct_at(&value_, other.value_);
    } else {
      error_ = other.error_;
    }
  }
  Result& operator=(const Result&) = delete;
  Result& operator=(Result&&) = delete;
  constexpr ~Result() {
    if (has_value_) {
      value_.~T();
    }
  }

  [[nodiscard]] constexpr bool has_value() const { return has_value_; }
  constexpr explicit operator bool() const { return has_value_; }
  [[nodiscard]] constexpr Error error() const { return error_; }

  constexpr T& value() & { return Checked(), value_; }
  constexpr const T& value() const& { return Checked(), value_; }
  constexpr T&& value() && { return Checked(), std::move(value_); }
  constexpr T& operator*() & { return value(); }
  constexpr const T& operator*() const& { return value(); }
  constexpr T&& operator*() && { return std::move(*this).value(); }
  constexpr T* operator->() { return &value(); }
  constexpr const T* operator->() const { return &value(); }

 private:
  constexpr void Checked() const {
    if (!has_value_) {
      std::abort();
    }
  }

  bool has_value_;
  union {
    T value_;
    Error error_;
  };
};

template <>
class [[nodiscard]] Result<void> {
 public:
  constexpr Result() = default;
  constexpr Result(Unexpected failed) : has_value_(false), error_(failed.error()) {}  // NOLINT
  [[nodiscard]] constexpr bool has_value() const { return has_value_; }
  constexpr explicit operator bool() const { return has_value_; }
  [[nodiscard]] constexpr Error error() const { return error_; }

 private:
  bool has_value_ = true;
  Error error_ = Error::kInternal;
};

using Status = Result<void>;

}  // namespace pinhole::base

// Leaves the function with the error of `expression`, a Status or a Result whose value is not
// wanted.
#define PINHOLE_TRY(expression)                                        \
  do {                                                                 \
    if (auto pinhole_try_result = (expression); !pinhole_try_result) { \
      return ::pinhole::base::Unexpected(pinhole_try_result.error());  \
    }                                                                  \
  } while (false)

#define PINHOLE_JOIN_(a, b) a##b
#define PINHOLE_JOIN(a, b) PINHOLE_JOIN_(a, b)
#define PINHOLE_ASSIGN_(result, declaration, expression) /* NOLINT(bugprone-macro-parentheses) */ \
  auto result = (expression); /* NOLINT(bugprone-macro-parentheses): a name to declare */         \
  if (!(result)) {                                                                                \
    return ::pinhole::base::Unexpected((result).error());                                         \
  }                                                                                               \
  declaration = *std::move(result) /* NOLINT(bugprone-macro-parentheses) */
// PINHOLE_ASSIGN(const int n, ReadCount(bytes)): declares, or leaves the function with the error.
#define PINHOLE_ASSIGN(declaration, expression) \
  PINHOLE_ASSIGN_(PINHOLE_JOIN(pinhole_result_, __LINE__), declaration, expression)
