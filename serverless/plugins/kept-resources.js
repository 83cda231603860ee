'use strict';
// After `remove`: says what the deletion policies have kept, by the names that it has in AWS.

const { CloudFormationClient, paginateListStackResources } = require('@aws-sdk/client-cloudformation');

const KEEPS = { Retain: 'kept as it is', RetainExceptOnCreate: 'kept as it is', Snapshot: 'kept as a last snapshot' };

class KeptResources {
  constructor(serverless, options, { log }) {
    this.serverless = serverless;
    this.log = log;
    this.kept = [];
    this.hooks = {
      'before:remove:remove': async () => (this.kept = await this.find()),
      'after:remove:remove': () => this.tell(),
    };
  }

  // The declared policies decide; the deployed stack knows the names
  async find() {
    const provider = this.serverless.getProvider('aws');
    const declared = this.serverless.service.resources.Resources;
    const client = new CloudFormationClient(await provider.getAwsSdkV3Config());
    const kept = [];
    for await (const page of paginateListStackResources({ client }, { StackName: provider.naming.getStackName() })) {
      for (const { LogicalResourceId, PhysicalResourceId, ResourceType } of page.StackResourceSummaries ?? []) {
        const how = KEEPS[declared[LogicalResourceId]?.DeletionPolicy];
        if (how && PhysicalResourceId) kept.push(`${ResourceType.replace('AWS::', '')} ${PhysicalResourceId}: ${how}`);
      }
    }
    return kept.sort();
  }

  tell() {
    if (!this.kept.length) return this.log.notice('Nothing of the stack is kept.');
    this.log.notice('Kept by their deletion policies (docs/deploy.md, "Removing"):');
    for (const line of this.kept) this.log.notice(`  ${line}`);
  }
}

module.exports = KeptResources;
