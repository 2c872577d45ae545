#pragma once

/// \file io/http/http_status.h
/// Status codes of HTTP that somebody here looks for. Source: RFC 9110, section 15; RFC
/// 6585.

namespace calve::io {

inline constexpr int kHttpOk = 200;
inline constexpr int kHttpNoContent = 204;
inline constexpr int kHttpPartialContent = 206;
inline constexpr int kHttpFirstRedirect = 300;
inline constexpr int kHttpBadRequest = 400;
inline constexpr int kHttpUnauthorized = 401;
inline constexpr int kHttpForbidden = 403;
inline constexpr int kHttpNotFound = 404;
inline constexpr int kHttpConflict = 409;
inline constexpr int kHttpPreconditionFailed = 412;
inline constexpr int kHttpRangeNotSatisfiable = 416;
inline constexpr int kHttpTooManyRequests = 429;
inline constexpr int kHttpFirstServerError = 500;
inline constexpr int kHttpNotImplemented = 501;
inline constexpr int kHttpServiceUnavailable = 503;

}  // namespace calve::io
