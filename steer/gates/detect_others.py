"""Checks of projects in other languages, by the files that configure them."""

import re
from collections.abc import Iterator

from steer.gates.project import Found, Project, table


def detect_others(project: Project) -> Iterator[Found]:
    """Rust, Go, Java and Kotlin, Elixir, Ruby, PHP, .NET, Swift, Deno."""
    for detect in (_rust, _go, _jvm, _elixir, _ruby, _php, _small):
        yield from detect(project)


def _rust(project: Project) -> Iterator[Found]:
    if project.has("Cargo.toml"):
        if project.has("rustfmt.toml", ".rustfmt.toml"):
            yield Found("format", "cargo", "cargo fmt --check")
        yield Found("lint", "cargo", "cargo clippy")
        yield Found("tests", "cargo", "cargo test")


def _go(project: Project) -> Iterator[Found]:
    if project.has("go.mod"):
        yield Found("vet", "go", "go vet ./...")
        if project.has(".golangci.yml", ".golangci.yaml", ".golangci.toml"):
            yield Found("lint", "golangci-lint", "golangci-lint run")
        yield Found("tests", "go", "go test ./...")


def _jvm(project: Project) -> Iterator[Found]:
    if project.has("pom.xml"):
        yield Found("tests", "mvn", f"{'./mvnw' if project.has('mvnw') else 'mvn'} -q -B test")
    if project.has("build.gradle", "build.gradle.kts"):
        yield Found("tests", "gradle", f"{'./gradlew' if project.has('gradlew') else 'gradle'} test")


def _elixir(project: Project) -> Iterator[Found]:
    if project.has("mix.exs"):
        if project.has(".formatter.exs"):
            yield Found("format", "mix", "mix format --check-formatted")
        yield Found("tests", "mix", "mix test")


def _ruby(project: Project) -> Iterator[Found]:
    bundle = "bundle exec " if project.has("Gemfile") else ""
    gems = project.text("Gemfile")
    if project.has(".rubocop.yml") or re.search(r"gem\s+['\"]rubocop['\"]", gems):
        yield Found("lint", "rubocop", f"{bundle}rubocop")
    if project.has(".rspec", "spec/spec_helper.rb") or re.search(r"gem\s+['\"]rspec(?:-rails)?['\"]", gems):
        yield Found("tests", "rspec", f"{bundle}rspec")
    elif re.search(r"TestTask|task\s*\(?:test\b|task\s+test:", project.text("Rakefile", "rakefile")):
        yield Found("tests", "rake", f"{bundle}rake test")


def _php(project: Project) -> Iterator[Found]:
    if "test" in table(project.json("composer.json"), "scripts"):
        yield Found("tests", "composer", "composer test")
    elif project.has("phpunit.xml", "phpunit.xml.dist"):
        yield Found("tests", "phpunit", "vendor/bin/phpunit")


def _small(project: Project) -> Iterator[Found]:
    if project.has_match("*.sln", "*.slnx", "*.csproj", "*.fsproj"):
        yield Found("tests", "dotnet", "dotnet test")
    if project.has("Package.swift"):
        yield Found("tests", "swift", "swift test")
    if "test" in table(project.json("deno.json"), "tasks"):
        yield Found("tests", "deno", "deno task test")
