import { readdirSync, readFileSync } from 'node:fs';

/**
 * Time on a processor of all threads of a process so far, us, from /proc/PID/task/TID/schedstat: to the nanosecond, where
 * /proc/PID/stat counts in steps of 10 ms. Linux only.
 */
export function processorTimeUs(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks).reduce((sum, tid) => {
    const [runNs = '0'] = readFileSync(`${tasks}/${tid}/schedstat`, 'utf8').split(' ');
    return sum + Number(runNs) / 1000;
  }, 0);
}
