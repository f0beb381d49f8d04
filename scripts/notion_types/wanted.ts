// The types that the contract tests hold the product and the stand-in to.
export type {
  AppendBlockChildrenParameters,
  BlockObjectResponse,
  CommentObjectResponse,
  CreatePageParameters,
  DataSourceObjectResponse,
  DatabaseObjectResponse,
  ListBlockChildrenResponse,
  PageObjectResponse,
  UserObjectResponse,
} from "./node_modules/@notionhq/client/build/src/api-endpoints";
