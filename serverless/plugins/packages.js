'use strict';
// Where functions outside stage "local" get their code from.
//
// Those under custom.images run from a container image in ECR. All others are zip files on the layers under custom.layers,
// which layers/build.py builds where their packages have changed. A layer is uploaded once, under the digest of its
// content, and has that digest in its logical id: it changes, and so do the functions' versions, exactly when its content
// does. The framework's own `layers:` are not used, because they ask AWS for the last ones even to package.

const { execFileSync } = require('child_process');
const { createReadStream, readFileSync } = require('fs');
const path = require('path');
const { HeadObjectCommand, PutObjectCommand, S3Client } = require('@aws-sdk/client-s3');

// Well-formed, so that `package` works before an image was built; it exists nowhere.
const NO_IMAGE = `000000000000.dkr.ecr.us-east-1.amazonaws.com/amplify-rag-async@sha256:${'0'.repeat(64)}`;

class Packages {
  constructor(serverless, options, { log }) {
    this.serverless = serverless;
    this.log = log;
    this.provider = serverless.getProvider('aws');
    this.hooks =
      this.provider.getStage() === 'local'
        ? {}
        : {
            'before:package:cleanup': () => this.chooseCode(),
            'after:package:createDeploymentArtifacts': () => this.run('layers.bytecode', this.service.package.artifact),
            'after:package:compileFunctions': () => this.addLayers(),
            'before:deploy:deploy': () => {
              this.requireImages();
              this.requireReachableModel();
            },
            'after:aws:deploy:deploy:uploadArtifacts': () => this.uploadLayers(),
          };
  }

  get service() {
    return this.serverless.service;
  }

  // A program of layers/, for the runtime
  run(program, ...options) {
    const python = path.join(process.env.VENV ?? '.venv', 'bin', 'python');
    const version = this.service.provider.runtime.replace('python', '');
    execFileSync(python, ['-m', program, '--python', version, ...options], {
      cwd: this.serverless.serviceDir,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }

  chooseCode() {
    const { functions, custom, provider } = this.service;
    this.run('layers.build', '--architecture', provider.architecture);
    const layers = this.layers();
    if (!layers.every(({ bytecode }) => bytecode)) {
      this.log.warning(`no ${provider.runtime} here to compile modules with: every cold start will, and takes seconds more`);
    }
    for (const [name, { handler, ...rest }] of Object.entries(functions)) {
      if (name in custom.images) {
        const uri = custom.images[name] || NO_IMAGE;
        functions[name] = { ...rest, image: { uri, command: [handler.replaceAll('/', '.')] } };
      } else {
        const own = layers.filter(({ users }) => users === 'all' || users.includes(name));
        functions[name].layers = own.map(({ logicalId }) => ({ Ref: logicalId }));
      }
    }
  }

  // Where they are on this machine, and where they will be in the deployment bucket
  layers() {
    const { runtime, architecture } = this.service.provider;
    const folder = path.join(this.serverless.serviceDir, 'build', 'layers', `${runtime}-${architecture}`);
    const built = JSON.parse(readFileSync(path.join(folder, 'layers.json'), 'utf8'));
    const place = `${this.provider.getDeploymentPrefix()}/${this.service.service}/${this.provider.getStage()}/layers`;
    return Object.entries(this.service.custom.layers).map(([name, users]) => ({
      name,
      users,
      file: path.join(folder, `${name}.zip`),
      logicalId: `${name[0].toUpperCase()}${name.slice(1)}Layer${built[name].sha256.slice(0, 16)}`,
      key: `${place}/${name}-${built[name].sha256}.zip`,
      bytes: built[name].zipped,
      bytecode: built[name].bytecode,
    }));
  }

  addLayers() {
    const { runtime, architecture, compiledCloudFormationTemplate } = this.service.provider;
    const bucket = this.service.package.deploymentBucket ?? { Ref: 'ServerlessDeploymentBucket' };
    for (const { name, logicalId, key } of this.layers()) {
      compiledCloudFormationTemplate.Resources[logicalId] = {
        Type: 'AWS::Lambda::LayerVersion',
        Properties: {
          LayerName: `${this.service.service}-${this.provider.getStage()}-${name}`,
          Content: { S3Bucket: bucket, S3Key: key },
          CompatibleRuntimes: [runtime],
          CompatibleArchitectures: [architecture],
        },
      };
    }
  }

  requireImages() {
    const missing = Object.entries(this.service.custom.images).filter(([, uri]) => !uri);
    if (missing.length === 0) return;
    throw new Error(`no image (ECR, by digest) for ${missing.map(([name]) => name).join(', ')}: make images says how`);
  }

  // A hub (organisation/name) is not reached from a network without the internet
  requireReachableModel() {
    const { custom, functions } = this.service;
    const model = functions.vdr_processor.environment.VDR_MODEL_NAME;
    if (custom.network.internet !== false || !/^[^/:]+\/[^/:]+$/.test(model)) return;
    throw new Error(`page model ${model} is on a hub, which network "endpoints" does not reach: docs/packages.md has other places for it`);
  }

  async uploadLayers() {
    const s3 = new S3Client(await this.provider.getAwsSdkV3Config());
    const bucket = await this.provider.getServerlessDeploymentBucketName();
    for (const { file, key, bytes } of this.layers()) {
      const there = { Bucket: bucket, Key: key };
      if (await exists(s3, there)) continue;
      await s3.send(new PutObjectCommand({ ...there, Body: createReadStream(file), ContentLength: bytes }));
    }
  }
}

async function exists(s3, object) {
  try {
    await s3.send(new HeadObjectCommand(object));
    return true;
  } catch (error) {
    if (error.$metadata?.httpStatusCode === 404) return false;
    throw error;
  }
}

module.exports = Packages;
