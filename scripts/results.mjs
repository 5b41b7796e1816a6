// Reads the machine-readable report of one test run and prints its counts on one line ("passed failed skipped"),
// then the failed tests with their messages. No report, as after a crash, is no test.
//   node scripts/results.mjs trx|vitest FILE
import { existsSync, readFileSync } from 'node:fs';

const [format, file] = process.argv.slice(2);
const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
const { passed, failed, skipped, failures } = format === 'trx' ? readTrx(text) : readVitest(text);

console.log(passed, failed, skipped);
for (const { name, message } of failures) {
  console.log(`    ${name}`);
  for (const line of message.trim().split('\n').slice(0, 12)) console.log(`      ${line.slice(0, 200).trimEnd()}`);
}

function readTrx(xml) {
  const counters = /<Counters\s([^>]*)>/.exec(xml)?.[1] ?? '';
  const count = (name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(counters)?.[1] ?? 0);
  const failures = [...xml.matchAll(/<UnitTestResult\s([^>]*?)(?:\/>|>([\s\S]*?)<\/UnitTestResult>)/g)]
    .filter(([, attributes]) => attributes.includes('outcome="Failed"'))
    .map(([, attributes, body = '']) => ({
      name: decode(/\btestName="([^"]*)"/.exec(attributes)?.[1] ?? ''),
      message: decode(/<Message>([\s\S]*?)<\/Message>/.exec(body)?.[1] ?? ''),
    }));
  const passed = count('passed');
  const failed = count('failed') + count('error') + count('timeout') + count('aborted');
  return { passed, failed, skipped: Math.max(0, count('total') - passed - failed), failures };
}

function readVitest(json) {
  if (json === '') return { passed: 0, failed: 0, skipped: 0, failures: [] };
  const report = JSON.parse(json);
  const failures = [];
  for (const file of report.testResults) {
    const tests = file.assertionResults.filter((test) => test.status === 'failed');
    for (const test of tests) failures.push({ name: test.fullName, message: test.failureMessages.join('\n') });
    // A file that does not load, or whose hooks fail, has no failed test of its own.
    if (file.status === 'failed' && tests.length === 0) failures.push({ name: file.name, message: file.message ?? '' });
  }
  const skipped = report.numPendingTests + (report.numTodoTests ?? 0);
  return { passed: report.numPassedTests, failed: failures.length, skipped, failures };
}

function decode(xml) {
  const entities = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
  return xml.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (all, hex, decimal, name) =>
    hex ? String.fromCodePoint(parseInt(hex, 16)) : decimal ? String.fromCodePoint(Number(decimal)) : (entities[name] ?? all));
}
