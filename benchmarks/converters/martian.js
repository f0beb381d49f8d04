// The same as worker.py, for @tryfabric/martian; run in the folder it is installed in.
// V8 compiles and collects on threads of its own, which count as CPU but not as waiting; a busy
// machine is the other way round. The lesser of the two is taken.
const {createRequire} = require('module');
const {markdownToBlocks} = createRequire(process.cwd() + '/')('@tryfabric/martian');

function seconds(text) {
  const cpu = process.cpuUsage(), began = performance.now();
  markdownToBlocks(text);
  const waited = performance.now() - began, used = process.cpuUsage(cpu);
  return Math.min(waited / 1e3, (used.user + used.system) / 1e6);
}

function outcome(text) {
  try {
    return markdownToBlocks(text);
  } catch (error) {
    return error.name;
  }
}

require('readline').createInterface({input: process.stdin}).on('line', line => {
  const {texts, repeats, show} = JSON.parse(line);
  const found = show
    ? texts.map(outcome)
    : texts.map(text => Array.from({length: repeats}, () => seconds(text)));
  process.stdout.write(JSON.stringify(found) + '\n');
});
