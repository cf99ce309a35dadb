// main.cc - hands the C suites to Google Benchmark and prints the ratios between the engines.
#include "bench.h"

#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

namespace
{

std::vector<bench_case> cases;

// Collects CPU time per iteration by case name while printing as usual.
class RatioReporter : public benchmark::ConsoleReporter
{
  public:
    std::map<std::string, double> cpu, real;

    void ReportRuns(const std::vector<Run> &runs) override
    {
        for (const Run &run : runs)
            if (!run.error_occurred &&
                (run.run_type == Run::RT_Iteration || run.aggregate_name == "median")) {
                std::string name = run.run_name.function_name;
                double      c = run.GetAdjustedCPUTime(), r = run.GetAdjustedRealTime();
                // without repetitions: the only run; with them: the median, which comes last
                if (run.run_type == Run::RT_Iteration && cpu.count(name) != 0) {
                    if (r < real[name]) {
                        cpu[name] = c;
                        real[name] = r;
                    }
                    continue;
                }
                cpu[name] = c;
                real[name] = r;
            }
        ConsoleReporter::ReportRuns(runs);
    }
};

void print_ratios(const RatioReporter &reporter)
{
    std::map<std::string, std::map<std::string, std::string>> table; // what -> engine -> name

    for (const auto &entry : reporter.real) {
        size_t slash = entry.first.rfind('/');

        table[entry.first.substr(0, slash)][entry.first.substr(slash + 1)] = entry.first;
    }
    std::printf("\ntime divided by stoa's: wall clock (CPU), best of the repetitions; above 1 stoa "
                "is faster\n");
    for (const auto &row : table) {
        auto mine = row.second.find("stoa");

        if (mine == row.second.end())
            continue;
        std::printf("%-28s", row.first.c_str());
        for (const auto &engine : row.second)
            if (engine.first != "stoa")
                std::printf("  %s %.2f (%.2f)", engine.first.c_str(),
                            reporter.real.at(engine.second) / reporter.real.at(mine->second),
                            reporter.cpu.at(engine.second) / reporter.cpu.at(mine->second));
        std::printf("\n");
    }
}

void run_case(benchmark::State &state, const bench_case *c)
{
    for (auto _ : state)
        if (!c->run(c->argument)) {
            state.SkipWithError("failed");
            break;
        }
    if (c->bytes > 0)
        state.SetBytesProcessed(
            static_cast<int64_t>(c->bytes * static_cast<double>(state.iterations())));
}

const char *option_value(const char *argument, const char *name)
{
    size_t n = std::strlen(name);

    return std::strncmp(argument, name, n) == 0 && argument[n] == '=' ? argument + n + 1 : nullptr;
}

} // namespace

extern "C" void bench_add(const struct bench_case *bench_case)
{
    struct bench_case copy = *bench_case;

    copy.name = strdup(bench_case->name);
    cases.push_back(copy);
}

extern "C" bool bench_wants(const char *list, const char *name)
{
    if (list == nullptr)
        return true;
    std::string padded = "," + std::string(list) + ",";

    return padded.find("," + std::string(name) + ",") != std::string::npos;
}

int main(int argc, char **argv)
{
    bench_options options = {10000000, 1, 1, nullptr, nullptr, "build/bench-data"};
    int           kept = 1;

    for (int i = 1; i < argc; i++) {
        const char *value;

        if ((value = option_value(argv[i], "--rows")) != nullptr)
            options.rows = std::atol(value);
        else if ((value = option_value(argv[i], "--threads")) != nullptr)
            options.threads = std::atoi(value);
        else if ((value = option_value(argv[i], "--scale")) != nullptr)
            options.scale = std::atof(value);
        else if ((value = option_value(argv[i], "--suites")) != nullptr)
            options.suites = value;
        else if ((value = option_value(argv[i], "--engines")) != nullptr)
            options.engines = value;
        else if ((value = option_value(argv[i], "--data")) != nullptr)
            options.data = value;
        else
            argv[kept++] = argv[i];
    }
    argc = kept;
    argv[argc] = nullptr;
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv))
        return 1;
    if (bench_wants(options.suites, "groupby"))
        suite_groupby(&options);
    if (bench_wants(options.suites, "kernel"))
        suite_kernel(&options);
    if (bench_wants(options.suites, "report"))
        suite_report(&options);
    if (bench_wants(options.suites, "micro"))
        suite_micro(&options);
    if (bench_wants(options.suites, "tpch"))
        suite_tpch(&options);
    if (bench_wants(options.suites, "star"))
        suite_star(&options);
    for (const bench_case &c : cases) {
        auto *registered = benchmark::RegisterBenchmark(c.name, run_case, &c);

        registered->MeasureProcessCPUTime()->UseRealTime();
        if (c.iterations > 0)
            registered->Iterations(c.iterations)->Unit(benchmark::kMillisecond);
    }
    RatioReporter reporter;
    benchmark::RunSpecifiedBenchmarks(&reporter);
    print_ratios(reporter);
    return 0;
}
