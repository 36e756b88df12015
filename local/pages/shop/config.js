// The one file to edit when these pages are served from elsewhere: which Signet, which app.

export const config = {
  serverURL: location.origin, // without /1.1, such as https://sms.example.com
  appId: "signet-demo-app",
  appKey: "signet-demo-key", // for clients; never the master key
  virtualPhone: true, // only the local stack has one; elsewhere false
};
