// Loaded before the program that a test starts: SIGUSR2 makes it fail as a mistake of ours would.
process.on('SIGUSR2', () => {
  throw new Error('a crash on request');
});
