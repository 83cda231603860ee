'use strict';
// A compiled template in the dialect of the local AWS emulator: only what it cannot know is left out or said otherwise.

const LEFT_OUT = [
  // Unknown to the emulator; its stages deploy by themselves and its sockets answer without them
  'AWS::ApiGatewayV2::Deployment',
  'AWS::ApiGatewayV2::RouteResponse',
  // Saved queries: unknown too, and there is no console to run them in
  'AWS::Logs::QueryDefinition',
];

function translate(resources) {
  for (const { Properties } of Object.values(resources)) allowPlainHttp(Properties?.PolicyDocument);
  const leftOut = Object.keys(resources).filter((id) => isUnknown(resources[id]));
  for (const id of leftOut) delete resources[id];
  const code = Object.values(resources).find(({ Type, Properties }) => isFunction(Type) && Properties.Code.S3Key)?.Properties;
  for (const resource of Object.values(resources)) {
    const { Type, Properties, DependsOn } = resource;
    if (DependsOn) resource.DependsOn = [DependsOn].flat().filter((id) => !leftOut.includes(id));
    if (isFunction(Type)) runFromZip(Properties, code);
    if (Type === 'AWS::ApiGatewayV2::Stage' && leftOut.includes(Properties.DeploymentId?.Ref)) {
      delete Properties.DeploymentId;
      Properties.AutoDeploy = true;
    }
    // The emulator stores this property as it comes and reads it in camelCase
    if (Type === 'AWS::ApiGatewayV2::Api' && Properties.CorsConfiguration) {
      Properties.CorsConfiguration = mapKeys(Properties.CorsConfiguration, (key) => key[0].toLowerCase() + key.slice(1));
    }
    if (Type === 'AWS::IAM::Role') {
      for (const { PolicyDocument } of Properties.Policies ?? []) PolicyDocument.Statement.forEach(allowBatches);
    }
  }
}

// An alarm over an expression is unknown too, one over a metric is not; and a policy may have demanded TLS and no more
function isUnknown({ Type, Properties }) {
  const isOverExpression = Type === 'AWS::CloudWatch::Alarm' && 'Metrics' in Properties;
  return LEFT_OUT.includes(Type) || isOverExpression || Properties?.PolicyDocument?.Statement.length === 0;
}

// The emulator speaks plain HTTP
function allowPlainHttp(policy) {
  if (policy) policy.Statement = policy.Statement.filter(({ Condition }) => !('aws:SecureTransport' in (Condition?.Bool ?? {})));
}

function isFunction(type) {
  return type === 'AWS::Lambda::Function';
}

// Layers are made, and not attached: the emulator would unpack them at every start of a function, while its own Python has
// their packages (tests/handlers/test_packaged.py starts every handler on them). An image would need a Docker engine; its
// handler is in the zip file of the other functions, too.
function runFromZip(properties, { Code, Runtime }) {
  delete properties.Layers;
  if (properties.PackageType !== 'Image') return;
  const [Handler] = properties.ImageConfig.Command;
  delete properties.PackageType;
  delete properties.ImageConfig;
  Object.assign(properties, { Code, Runtime, Handler });
}

// In AWS these rights cover batches; the emulator asks for actions of their own
function allowBatches(statement) {
  const actions = [statement.Action].flat();
  const covering = actions.filter((action) => ['sqs:SendMessage', 'sqs:ChangeMessageVisibility'].includes(action));
  if (covering.length) statement.Action = [...actions, ...covering.map((action) => `${action}Batch`)];
}

function mapKeys(object, change) {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [change(key), value]));
}

module.exports = { translate };
