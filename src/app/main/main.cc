#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include <unistd.h>

#include "app/command_line.h"
#include "app/console/exit_code.h"
#include "app/interrupt.h"

int main(int argc, char** argv) {
  try {
    calve::app::CatchSignals();
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    return calve::app::RunCommandLine(arguments,
                                      {.environment = calve::app::ProcessEnvironment(),
                                       .messages_on_terminal = isatty(STDERR_FILENO) != 0,
                                       .output_on_terminal = isatty(STDOUT_FILENO) != 0},
                                      std::cout, std::cerr);
  } catch (const std::exception& exception) {
    std::cerr << "calve: internal error, please report it: " << exception.what() << "\n";
    return calve::app::kFailed;
  }
}
