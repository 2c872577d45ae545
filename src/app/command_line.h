#pragma once

/// \file app/command_line.h
/// The program, but for its process: arguments in, bytes on two streams and an exit code
/// out.

#include <ostream>
#include <string>
#include <vector>

#include "app/session.h"

namespace calve::app {

/// Runs one command.
///
/// \param arguments  without the program's name
/// \param output  gets data alone, in the wanted format; with `-o json` one document,
/// also
///     of a failure
/// \param messages  gets everything else
/// \return the exit code (app/console/exit_code.h)
int RunCommandLine(const std::vector<std::string>& arguments,
                   const Surroundings& surroundings, std::ostream& output,
                   std::ostream& messages);

}  // namespace calve::app
