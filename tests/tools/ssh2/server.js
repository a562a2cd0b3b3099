'use strict';
// An SFTP server as people write them with npm's ssh2: a folder, one user with a password, no extensions.
//
//   node server.js FOLDER HOST_KEY USER PASSWORD
//
// Prints "port N"; ends with its standard input.

const fs = require('fs');
const path = require('path');
const ssh2 = require('ssh2');

const [root, keyFile, user, password] = process.argv.slice(2);
const { STATUS_CODE, flagsToString } = ssh2.utils.sftp;

function statusOf(error) {
  return { ENOENT: STATUS_CODE.NO_SUCH_FILE, EACCES: STATUS_CODE.PERMISSION_DENIED,
           EPERM: STATUS_CODE.PERMISSION_DENIED }[error.code] ?? STATUS_CODE.FAILURE;
}

function serve(sftp) {
  const files = new Map();
  const folders = new Map();
  let last = 0;
  const place = (name) => path.resolve(root, name);
  const done = (id) => (error) => sftp.status(id, error ? statusOf(error) : STATUS_CODE.OK);

  const withFile = (id, handle, use) => {
    const fd = handle.length === 4 ? files.get(handle.readUInt32BE(0)) : undefined;
    if (fd === undefined) sftp.status(id, STATUS_CODE.FAILURE);
    else use(fd);
  };
  const tell = (id) => (error, found) => (error
    ? sftp.status(id, statusOf(error))
    : sftp.attrs(id, { size: found.size, mode: found.mode, uid: found.uid, gid: found.gid,
                       atime: Math.floor(found.atimeMs / 1000), mtime: Math.floor(found.mtimeMs / 1000) }));

  sftp.on('OPEN', (id, name, flags) => {
    // null for a combination that fopen() does not have, which is then taken for reading.
    fs.open(place(name), flagsToString(flags), 0o666, (error, fd) => {
      if (error) return sftp.status(id, statusOf(error));
      const handle = Buffer.alloc(4);
      handle.writeUInt32BE(++last, 0);
      files.set(last, fd);
      return sftp.handle(id, handle);
    });
  });
  sftp.on('READ', (id, handle, offset, length) => withFile(id, handle, (fd) => {
    const data = Buffer.alloc(Math.min(length, 256 * 1024));
    fs.read(fd, data, 0, data.length, offset, (error, count) => {
      if (error) sftp.status(id, statusOf(error));
      else if (count === 0) sftp.status(id, STATUS_CODE.EOF);
      else sftp.data(id, data.subarray(0, count));
    });
  }));
  sftp.on('WRITE', (id, handle, offset, data) => withFile(id, handle, (fd) => {
    fs.write(fd, data, 0, data.length, offset, done(id));
  }));
  sftp.on('OPENDIR', (id, name) => fs.readdir(place(name), (error, names) => {
    if (error) return sftp.status(id, statusOf(error));
    const handle = Buffer.alloc(4);
    handle.writeUInt32BE(++last, 0);
    folders.set(last, { folder: place(name), names, told: false });
    return sftp.handle(id, handle);
  }));
  // All at once, and the next time that this was all: whoever asks twice before there is an answer gets it twice.
  sftp.on('READDIR', async (id, handle) => {
    const found = folders.get(handle.readUInt32BE(0));
    if (!found) return sftp.status(id, STATUS_CODE.FAILURE);
    if (found.told) return sftp.status(id, STATUS_CODE.EOF);
    const list = await Promise.all(found.names.map(async (filename) => {
      const { size, mode, uid, gid, atimeMs, mtimeMs } = await fs.promises.lstat(path.join(found.folder, filename));
      const [atime, mtime] = [atimeMs, mtimeMs].map((ms) => Math.floor(ms / 1000));
      return { filename, longname: filename, attrs: { size, mode, uid, gid, atime, mtime } };
    }));
    found.told = true;
    return sftp.name(id, list);
  });
  sftp.on('CLOSE', (id, handle) => {
    if (folders.delete(handle.readUInt32BE(0))) sftp.status(id, STATUS_CODE.OK);
    else closeFile(id, handle);
  });
  const closeFile = (id, handle) => withFile(id, handle, (fd) => {
    files.delete(handle.readUInt32BE(0));
    fs.close(fd, done(id));
  });
  sftp.on('FSTAT', (id, handle) => withFile(id, handle, (fd) => fs.fstat(fd, tell(id))));
  sftp.on('STAT', (id, name) => fs.stat(place(name), tell(id)));
  sftp.on('LSTAT', (id, name) => fs.lstat(place(name), tell(id)));
  sftp.on('REMOVE', (id, name) => fs.unlink(place(name), done(id)));
  sftp.on('RMDIR', (id, name) => fs.rmdir(place(name), done(id)));
  sftp.on('RENAME', (id, from, to) => fs.rename(place(from), place(to), done(id)));
}

const server = new ssh2.Server({ hostKeys: [fs.readFileSync(keyFile)] }, (client) => {
  client.on('authentication', (login) => {
    if (login.method === 'password' && login.username === user && login.password === password) login.accept();
    else login.reject(['password']);
  });
  client.on('session', (accept) => accept().on('sftp', (acceptSftp) => serve(acceptSftp())));
  client.on('error', () => {});
});
server.listen(0, '127.0.0.1', () => console.log(`port ${server.address().port}`));
process.stdin.on('end', () => process.exit(0)).resume();
