// The two IRC servers, with their brakes off: no penalties, no look-ups, and queues as long as the work needs.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { start } from '../children.ts';
import { type Place, type System, single, versionOf } from './system.ts';

/** Its queue of connections that it has not taken yet holds ten. */
const NGIRCD_UNDER_WAY_MAX = '8';

const NGIRCD_CONFIG = (port: number) => `[Global]
Name = irc.bench.invalid
Info = bench
Network = bench
AdminInfo1 = bench
Listen = 127.0.0.1
Ports = ${port}
MotdPhrase = bench
ServerUID = root
ServerGID = root
[Limits]
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxNickLength = 30
MaxPenaltyTime = 0
PingTimeout = 3600
PongTimeout = 3600
[Options]
DNS = no
Ident = no
PAM = no
`;

const INSPIRCD_CONFIG = (port: number, directory: string) => `
<server name="irc.bench.invalid" description="bench" network="bench">
<admin name="bench" email="bench@bench.invalid" nick="bench">
<bind address="127.0.0.1" port="${port}" type="clients">
<connect allow="*" timeout="120" pingfreq="3600" hardsendq="536870912" softsendq="268435456"
  recvq="8388608" threshold="1000000" commandrate="1000000000" fakelag="no" localmax="30000"
  globalmax="30000" limit="30000" maxchans="100" resolvehostnames="no" useident="no">
<performance somaxconn="4096" softlimit="30000" netbuffersize="65534">
<limits maxnick="30" maxchan="64" maxline="512">
<pid file="${directory}/inspircd.pid">
<files motd="">
<path configdir="${directory}" datadir="${directory}" logdir="${directory}">
<log method="file" type="* -USERINPUT -USEROUTPUT" level="default" target="${directory}/inspircd-own.log">
`;

export const ngircd: System = {
  name: 'ngircd',
  protocol: 'irc',
  role: 'peer',
  processes: 1,
  version: () => versionOf('ngircd', '--version'),
  start: async ({ directory, portBase: port, cores }: Place) => {
    const config = join(directory, 'ngircd.conf');
    writeFileSync(config, NGIRCD_CONFIG(port));
    const log = join(directory, 'ngircd.log');
    const server = start(['ngircd', '--nodaemon', '--config', config], { cores, log });
    const running = await single(server, { name: 'ngircd', port });
    return { ...running, settings: { underWay: NGIRCD_UNDER_WAY_MAX } };
  },
};

export const inspircd: System = {
  name: 'inspircd',
  protocol: 'irc',
  role: 'peer',
  processes: 1,
  version: () => versionOf('inspircd', '--version'),
  start: ({ directory, portBase: port, cores }: Place) => {
    const config = join(directory, 'inspircd.conf');
    writeFileSync(config, INSPIRCD_CONFIG(port, directory));
    const log = join(directory, 'inspircd.log');
    const words = ['inspircd', '--nofork', '--runasroot', '--config', config] as const;
    return single(start(words, { cores, log }), { name: 'inspircd', port });
  },
};
