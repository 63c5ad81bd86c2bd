/**
 * What `npm start` and `npm test` need before anything of Ariane can run: a machine that fits, the packages, the build.
 * Plain JavaScript without packages, in syntax that an old Node still parses, so that it can say what is missing.
 */
import { spawn, spawnSync } from 'child_process';
import { createHash } from 'crypto';
import fs from 'fs';
import path from 'path';
import { fileURLToPath } from 'url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const modules = path.join(root, 'node_modules');
const stamp = path.join(root, 'dist', '.built-from');

/** The engine's library: fetched compressed, then unpacked. */
const engineFetchMb = 178;
const engineDiskMb = 543;
const installDiskMb = 860;

/** Ends the process with one sentence. */
export function refuse(sentence) {
  process.stderr.write(`ariane: ${sentence}\n`);
  process.exit(1);
}

/** The one sentence on why Ariane cannot run on such a machine, or undefined. Pure, for tests. */
export function problemWithMachine(machine) {
  const [major, minor] = machine.nodeVersion.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    return `Node ${machine.nodeVersion} is too old; Ariane needs Node 20.19 or later (https://nodejs.org).`;
  }
  if (machine.platform === 'win32')
    return 'Windows itself is not supported; run Ariane inside WSL (https://aka.ms/wsl).';
  if (machine.platform !== 'linux' && machine.platform !== 'darwin') {
    return `${machine.platform} is not supported; Ariane runs on Linux (glibc) and macOS.`;
  }
  if (machine.platform === 'linux' && !machine.glibc) {
    return 'this Linux uses musl (Alpine?), for which the engine has no build; use a glibc system such as Debian (in Docker: node:20-slim).';
  }
  if (machine.arch !== 'x64' && machine.arch !== 'arm64') {
    return `the engine has no build for ${machine.arch}; Ariane runs on x64 and arm64.`;
  }
  return undefined;
}

/** The one sentence on too little disk, or undefined. Pure, for tests. */
export function problemWithDisk(freeBytes) {
  const freeMb = Math.floor(freeBytes / 1048576);
  if (freeMb >= installDiskMb + 200) return undefined;
  return `the disk of ${root} has ${freeMb} MB free; installing needs ${installDiskMb + 200} MB (the engine alone ${engineDiskMb} MB).`;
}

/** Checks the machine, installs what is missing, builds what is stale. Resolves when `dist/` is ready to run. */
export async function prepare() {
  const problem = problemWithMachine({
    nodeVersion: process.versions.node,
    platform: process.platform,
    arch: process.arch,
    glibc: process.platform !== 'linux' || isGlibc(),
  });
  if (problem) refuse(problem);
  if (!isInstalled()) await install();
  const sources = describeSources();
  if (readText(stamp) !== sources) await build(sources);
}

function isGlibc() {
  const report = process.report && process.report.getReport();
  return Boolean(report && report.header && report.header.glibcVersionRuntime);
}

/** npm writes `.package-lock.json` last, so an interrupted install has none. */
function isInstalled() {
  if (!fs.existsSync(path.join(modules, '.package-lock.json'))) return false;
  const wanted = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
  return Object.entries(Object.assign({}, wanted.dependencies, wanted.devDependencies)).every(([name, version]) => {
    const manifest = readText(path.join(modules, name, 'package.json'));
    return manifest !== undefined && JSON.parse(manifest).version === version;
  });
}

async function install() {
  const disk = fs.statfsSync(root);
  const problem = problemWithDisk(disk.bavail * disk.bsize);
  if (problem) refuse(problem);
  say(`first start: fetching packages once (${engineFetchMb} MB of them the engine, ${engineDiskMb} MB on disk) …`);
  const probe = spawnSync(
    'npm',
    ['view', 'yaml', 'version', '--fetch-retries=1', '--fetch-timeout=20000', '--prefer-online'],
    {
      cwd: root,
      encoding: 'utf8',
    },
  );
  if (probe.status !== 0) {
    refuse(`npm cannot reach its registry, which the first start needs once: ${lastLine(probe.stderr) || 'no answer'}`);
  }
  const started = Date.now();
  const progress = setInterval(() => {
    say(`  ${sizeMb(modules)} of about ${installDiskMb} MB unpacked, ${Math.round((Date.now() - started) / 1000)} s`);
  }, 3000);
  // Not `npm ci`: it refuses a lock file that does not name the binaries of every other platform, and some registries serve
  // only one's own. Versions are exact all the same, and `--no-save` leaves the lock file as it is.
  const result = await run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']);
  clearInterval(progress);
  if (result.code !== 0) refuse(`npm could not install the packages:\n${result.output.trim()}`);
  say(`  packages are in place (${sizeMb(modules)} MB, ${Math.round((Date.now() - started) / 1000)} s)`);
}

async function build(sources) {
  say('building …');
  const started = Date.now();
  fs.rmSync(path.join(root, 'dist'), { recursive: true, force: true });
  const bin = (name) => path.join(modules, '.bin', name);
  const steps = await Promise.all([
    run(bin('tsc'), ['-p', 'tsconfig.build.json']),
    run(bin('vite'), ['build', '--logLevel', 'warn']),
  ]);
  const failed = steps.find((step) => step.code !== 0);
  if (failed) refuse(`the build failed:\n${failed.output.trim()}`);
  fs.writeFileSync(stamp, sources);
  say(`  built in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

/** One hash over name, size and time of every file that the build reads. */
function describeSources() {
  const hash = createHash('sha256');
  for (const entry of ['src', 'ui', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'vite.config.ts']) {
    for (const file of filesUnder(path.join(root, entry))) {
      if (/\.test\.tsx?$/.test(file)) continue;
      const stat = fs.statSync(file);
      hash.update(`${path.relative(root, file)}\0${stat.size}\0${stat.mtimeMs}\n`);
    }
  }
  return hash.digest('hex');
}

function filesUnder(entry) {
  if (!fs.existsSync(entry)) return [];
  if (!fs.statSync(entry).isDirectory()) return [entry];
  return fs
    .readdirSync(entry)
    .sort()
    .flatMap((name) => filesUnder(path.join(entry, name)));
}

/** Runs a program, its output kept for the case that it fails. */
export function run(command, args, options) {
  return new Promise((resolve) => {
    const child = spawn(command, args, Object.assign({ cwd: root, stdio: ['ignore', 'pipe', 'pipe'] }, options));
    let output = '';
    const keep = (chunk) => {
      output = (output + chunk).slice(-20000);
    };
    if (child.stdout) child.stdout.on('data', keep);
    if (child.stderr) child.stderr.on('data', keep);
    child.on('error', (error) => resolve({ code: 127, output: error.message }));
    child.on('close', (code, signal) => resolve({ code: code === null ? 1 : code, signal, output }));
  });
}

export function say(text) {
  process.stdout.write(`${text}\n`);
}

function sizeMb(folder) {
  let bytes = 0;
  const walk = (at) => {
    let entries = [];
    try {
      entries = fs.readdirSync(at, { withFileTypes: true });
    } catch {
      return; // npm moves folders while it works
    }
    for (const entry of entries) {
      const full = path.join(at, entry.name);
      if (entry.isDirectory()) walk(full);
      else {
        try {
          bytes += fs.lstatSync(full).size;
        } catch {
          // gone meanwhile
        }
      }
    }
  };
  walk(folder);
  return Math.round(bytes / 1048576);
}

function readText(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function lastLine(text) {
  return (
    text
      .trim()
      .split('\n')
      .filter((line) => !/npm warn/i.test(line))
      .slice(-1)[0] || ''
  );
}
