#include <exception>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include "app/command_line.h"
#include "app/console/exit_code.h"
#include "app/entry_point.h"
#include "app/interrupt.h"
#include "app/secret_variables.h"

int main(int argc, char** argv) {
  try {
    calve::app::CatchSignals();
    calve::app::Invocation invocation = calve::app::InvocationOf(
        argv[0], {.arguments = {argv + 1, argv + argc},
                  .environment = calve::app::ProcessEnvironment()});
    calve::app::WipeSecretVariables();
    return calve::app::RunCommandLine(invocation.arguments,
                                      {.environment = std::move(invocation.environment),
                                       .messages_on_terminal = isatty(STDERR_FILENO) != 0,
                                       .output_on_terminal = isatty(STDOUT_FILENO) != 0},
                                      std::cout, std::cerr);
  } catch (const std::exception& exception) {
    std::cerr << "calve: internal error, please report it: " << exception.what() << "\n";
    return calve::app::kFailed;
  }
}
