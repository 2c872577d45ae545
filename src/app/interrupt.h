#pragma once

/// \file app/interrupt.h
/// SIGINT and SIGTERM as a flag that commands look at between steps.

#include <chrono>

#include "core/result.h"

namespace calve::app {

/// From now on the first signal sets the flag; the second ends the process at once, which
/// the next run repairs.
void CatchSignals();

bool Interrupted();

/// Forgets a signal that came; for tests.
void ClearInterrupt();

/// kCancelled once a signal came, saying after what.
Status CheckInterrupt(const char* after);

/// Sleeps, but no longer than until a signal comes.
void SleepInterruptibly(std::chrono::milliseconds time);

}  // namespace calve::app
