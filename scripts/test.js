/**
 * `npm test`: sets up what the tests need (packages, build, Python clients, Chromium), runs the gates and all tests.
 * Without Python or Chromium the tests that need them are skipped, by name; with CI=true that is a failure.
 */
import { spawnSync } from 'child_process';
import fs from 'fs';
import path from 'path';
import { prepare, refuse, root, run, say } from './setup.js';

const cache = path.join(root, '.cache');
const inCi = process.env.CI === 'true';
const files = process.argv.slice(2);

await prepare();
fs.mkdirSync(cache, { recursive: true });

const python = await findPython();
const chromium = await findChromium();
for (const [what, found, enable] of [
  ['the real Python SDK', python, 'install python3 with venv (Debian: apt-get install python3-venv)'],
  ['a real browser', chromium, 'install Chromium (Debian: apt-get install chromium) or set CHROMIUM=/path/to/it'],
]) {
  if (found) continue;
  if (inCi) refuse(`tests with ${what} would be skipped, which CI does not accept; ${enable}`);
  say(`SKIPPED: every test with ${what}. To enable: ${enable}`);
}

if (files.length === 0) await gates();
const report = path.join(cache, 'test-report.json');
const env = Object.assign({}, process.env, { ARIANE_PYTHON: python ?? '', ARIANE_CHROMIUM: chromium ?? '' });
const tests = await run(
  path.join(root, 'node_modules', '.bin', 'vitest'),
  ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...files],
  { env, stdio: 'inherit' },
);
const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(fs.readFileSync(report, 'utf8'));
const skipped = testResults.flatMap((file) =>
  file.assertionResults
    .filter((test) => test.status !== 'passed' && test.status !== 'failed')
    .map((test) => test.fullName),
);
for (const name of skipped) say(`SKIPPED: ${name}`);
say(`${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`);
if (inCi && skipped.length > 0) refuse('CI does not accept skipped tests');
process.exitCode = tests.code;

async function gates() {
  const bin = (name) => path.join(root, 'node_modules', '.bin', name);
  const checks = [
    { name: 'types', program: 'tsc', args: ['--noEmit'] },
    { name: 'types of the page', program: 'tsc', args: ['-p', 'ui', '--noEmit'] },
    { name: 'lint', program: 'oxlint', args: ['--type-aware'] },
    { name: 'format', program: 'biome', args: ['format', '.'] },
  ];
  for (const { name, program, args } of checks) {
    const result = await run(bin(program), args);
    if (result.code !== 0) refuse(`${name}:\n${result.output.trim()}`);
    say(`ok: ${name}`);
  }
}

/** The interpreter of a virtual environment with the real SDK's packages, made once. */
async function findPython() {
  const wanted = path.join(root, 'test', 'python', 'requirements.txt');
  const venv = path.join(cache, 'python');
  const interpreter = path.join(venv, 'bin', 'python');
  const stamp = path.join(venv, '.installed');
  const requirements = fs.readFileSync(wanted, 'utf8');
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === requirements) return interpreter;
  if (spawnSync('python3', ['-c', 'import venv, ensurepip']).status !== 0) return undefined;
  say('setting up the Python clients …');
  for (const [command, args] of [
    ['python3', ['-m', 'venv', '--clear', venv]],
    [interpreter, ['-m', 'pip', 'install', '--quiet', '-r', wanted]],
  ]) {
    const result = await run(command, args);
    if (result.code !== 0) {
      say(`cannot set up the Python clients: ${result.output.trim()}`);
      return undefined;
    }
  }
  fs.writeFileSync(stamp, requirements);
  return interpreter;
}

async function findChromium() {
  const found = () =>
    [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
      (file) => file && fs.existsSync(file),
    );
  if (found()) return found();
  const canInstall = process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).status === 0;
  if (!canInstall) return undefined;
  say('installing Chromium …');
  await run('apt-get', ['update', '-qq']);
  await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], {
    env: Object.assign({}, process.env, { DEBIAN_FRONTEND: 'noninteractive' }),
  });
  return found();
}
